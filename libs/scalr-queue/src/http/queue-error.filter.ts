import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpStatus,
  Inject,
  Logger,
  Optional,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { ScalrQueueError } from '../contract/errors/scalr-queue.error.js';
import { type ErrorAnswer, toErrorAnswer } from './error-answer.js';

/** The part of a response that Express and Fastify have in common; a middleware of Fastify gets the plain one of Node. */
interface AnyResponse {
  headersSent?: boolean;
  statusCode: number;
  status?(code: number): this;
  header?(name: string, value: string): this;
  send?(body: object): unknown;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
}

/**
 * Turns errors of the queue into HTTP answers: 503 with `Retry-After` when the client may try again, 400 when the request is wrong,
 * 504 when the wait for a result took too long, 429
 * when a limiter is used up. Any other error of the library is logged, and a 500 without its text.
 * Works on Express and on Fastify.
 *
 * @example
 * providers: [{ provide: APP_FILTER, useClass: QueueErrorFilter }]
 * // or, in main.ts
 * app.useGlobalFilters(new QueueErrorFilter());
 */
@Catch(ScalrQueueError)
export class QueueErrorFilter implements ExceptionFilter<ScalrQueueError> {
  private readonly logger = new Logger('QueueErrorFilter');

  constructor(@Optional() @Inject(HttpAdapterHost) private readonly adapters?: HttpAdapterHost) {}

  catch(error: ScalrQueueError, host: ArgumentsHost): unknown {
    const kind = host.getType<string>();
    // GraphQL and the like make an answer of what is thrown.
    if (!['http', 'rpc', 'ws'].includes(kind)) throw error;
    const answer = toErrorAnswer(error);
    if (answer.statusCode === HttpStatus.INTERNAL_SERVER_ERROR) this.logger.error(error);
    if (kind === 'http') return this.reply(host.switchToHttp().getResponse<AnyResponse>(), answer);
    const plain = { status: 'error', ...answer.body };
    if (kind === 'rpc') return throwError(() => plain);
    host.switchToWs().getClient<{ emit?(event: string, data: object): void }>().emit?.('exception', plain);
    return undefined;
  }

  private reply(response: AnyResponse, { statusCode, body, retryAfter }: ErrorAnswer): void {
    const adapter = this.adapters?.httpAdapter;
    if (adapter?.isHeadersSent(response) ?? response.headersSent) {
      // A stream that has begun.
      if (adapter) adapter.end(response);
      else response.end();
      return;
    }
    if (retryAfter !== undefined) {
      const seconds = String(retryAfter);
      if (response.header) response.header('Retry-After', seconds);
      else response.setHeader('Retry-After', seconds);
    }
    if (adapter) adapter.reply(response, body, statusCode);
    else if (response.status && response.send) response.status(statusCode).send?.(body);
    else {
      response.statusCode = statusCode;
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.end(JSON.stringify(body));
    }
  }
}
