import { Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { createHmac } from 'node:crypto';
import type { Environment } from '../config/environment.js';
import { retryAfterMs } from './retry-after.js';

/** Public knowledge: receivers must not trust what is signed with it. */
const DEVELOPMENT_SECRET = 'development-webhook-secret';
/** Milliseconds; shorter than the timeout of the job. */
const PATIENCE = 10_000;

export interface WebhookAnswer {
  readonly status: number;
  /** Milliseconds, when the receiver says when to come back. */
  readonly retryAfter?: number;
}

/** Posts JSON that is signed with WEBHOOK_SECRET. Without one it signs with a well-known secret, and says so. */
@Injectable()
export class WebhookClient {
  private readonly secret: string;

  constructor(config: ConfigService<Environment, true>) {
    const secret = config.get('WEBHOOK_SECRET', { infer: true });
    this.secret = secret ?? DEVELOPMENT_SECRET;
    if (secret) return;
    new Logger(WebhookClient.name).warn('WEBHOOK_SECRET is not set: webhooks are signed with a known secret');
  }

  /** @throws Error when there is no answer, be it in time or at all */
  async post(url: string, id: string, content: object, signal: AbortSignal): Promise<WebhookAnswer> {
    const body = JSON.stringify(content);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-webhook-id': id, 'x-signature': this.sign(body) },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
    }).catch((error: Error) => {
      throw new Error(`no answer from the receiver: ${reasonOf(error)}`, { cause: error });
    });
    // What it says does not matter; an unread body would keep the connection.
    await response.body?.cancel();
    return { status: response.status, retryAfter: retryAfterMs(response.headers.get('retry-after')) };
  }

  private sign(body: string): string {
    return `sha256=${createHmac('sha256', this.secret).update(body).digest('hex')}`;
  }
}

/** `fetch` hides what went wrong, such as ECONNREFUSED, in the cause. */
function reasonOf({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') return `not within ${PATIENCE} ms`;
  return (cause as { code?: string } | undefined)?.code ?? message;
}
