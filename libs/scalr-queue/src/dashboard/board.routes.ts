import type { AppControllerRoute, BullBoardRequest } from '@bull-board/api/typings/app';
import { Logger } from '@nestjs/common';
import { withDeadline } from '../engine/deadline.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { redactText } from '../observability/redaction.js';
import { DASHBOARD_DEADLINE, DASHBOARD_PAGE_DEADLINE } from '../contract/defaults.js';
import { BoardError } from './board.error.js';
import type { BoardQueue } from './board.queue.js';

type Handler = AppControllerRoute['handler'];

/** A click on "all" goes through many jobs; each of its steps still has a deadline of its own. */
const BULK_DEADLINE = 20_000;
const JOB = '/api/queues/:queueName/:jobId';

/** What of bull-board can be reached; everything else, also what a later version adds, is refused. */
const BOARD_ROUTES: ReadonlyMap<string, { deadline?: number; handler?: Handler }> = new Map([
  ['get /api/queues', { deadline: DASHBOARD_PAGE_DEADLINE }],
  ['get /api/job-schedulers', {}],
  ['get /api/queues/:queueName/metrics', {}],
  ['get /api/queues/:queueName/workers', {}],
  ['get /api/queues/:queueName/rate-limit', {}],
  ['get /api/queues/:queueName/default-job-options', {}],
  ['get /api/queues/:queueName/job-data-schema', {}],
  [`get ${JOB}`, {}],
  [`get ${JOB}/logs`, { deadline: DASHBOARD_PAGE_DEADLINE }],
  // Would read whole jobs of other queues; this library has no flows.
  [`get ${JOB}/flow`, { handler: noFlow }],
  [`put ${JOB}/retry`, {}],
  [`put ${JOB}/clean`, {}],
  [`put ${JOB}/promote`, {}],
  ['put /api/queues/:queueName/retry/:queueStatus', { deadline: BULK_DEADLINE, handler: retryAll }],
  ['put /api/queues/:queueName/clean/:queueStatus', { deadline: BULK_DEADLINE }],
  ['put /api/queues/:queueName/pause', {}],
  ['put /api/queues/:queueName/resume', {}],
  ['put /api/queues/pause', { deadline: BULK_DEADLINE }],
  ['put /api/queues/resume', { deadline: BULK_DEADLINE }],
]);

const MAX_VALUES = { jobsPerPage: 100, page: 10_000 };

/** The route with its limits, or in its place a refusal. `before` runs in front of each request. */
export function limitRoute(route: AppControllerRoute, before: () => Promise<void>): AppControllerRoute {
  const allowed = BOARD_ROUTES.get(`${String(route.method)} ${String(route.route)}`);
  if (!allowed) return { ...route, handler: () => toAnswer(new BoardError(403, 'FORBIDDEN')) };
  const { deadline = DASHBOARD_DEADLINE } = allowed;
  const work = async (request: BullBoardRequest | undefined) => {
    checkQuery(request?.query ?? {});
    await before();
    return allowed.handler ? allowed.handler(request) : route.handler(request);
  };
  return {
    ...route,
    handler: (request) =>
      withDeadline(
        work(request),
        deadline,
        () => new BoardError(503, 'INTERNAL_SERVER_ERROR', UNAVAILABLE),
      ).catch(toAnswer),
  };
}

const UNAVAILABLE = 'Redis does not answer';

/** An error as an answer: its text only where it is one of ours. */
export function toAnswer(error: unknown): ReturnType<Handler> & object {
  return { ...parts(error) } as never;
}

function parts(error: unknown): { status: number; body: { error: { key: string }; message?: string } } {
  if (error instanceof BoardError) return body(error.status, error.key, error.message);
  if (error instanceof InvalidOptionError) return body(404, 'QUEUE_NOT_FOUND');
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== undefined && statusCode < 500) return body(statusCode, 'INVALID_REQUEST_BODY');
  if (error instanceof TypeError || error instanceof RangeError) {
    new Logger('ScalrQueueDashboard').error(redactText(error.message), error.stack);
    return body(500, 'INTERNAL_SERVER_ERROR');
  }
  // What a board does is to ask Redis: its client has errors of many kinds.
  return body(503, 'INTERNAL_SERVER_ERROR', UNAVAILABLE);
}

function body(status: number, key: string, message?: string) {
  return { status, body: { error: { key: `ERRORS.${key}` }, ...(message ? { message } : {}) } };
}

function checkQuery(query: Record<string, unknown>): void {
  for (const [name, most] of Object.entries(MAX_VALUES)) {
    const value = query[name];
    if (
      value !== undefined &&
      !(Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= most)
    )
      throw new BoardError(400, 'INVALID_QUERY_PARAM');
  }
}

function noFlow(request?: BullBoardRequest) {
  return { body: { nodeId: String(request?.params['jobId']), flowRoot: null, isFlowNode: false } };
}

async function retryAll(request?: BullBoardRequest) {
  const { queueName, queueStatus } = request?.params ?? {};
  const queue = request?.queues.get(String(queueName)) as BoardQueue | undefined;
  if (!queue) throw new BoardError(404, 'QUEUE_NOT_FOUND');
  if (queue.readOnlyMode) throw new BoardError(405, 'QUEUE_READ_ONLY');
  if (queueStatus !== 'failed') throw new BoardError(400, 'STATUS_NOT_RETRIABLE');
  return { body: await queue.retryAll() };
}
