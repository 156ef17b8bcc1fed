import type { AtEnd } from '../../support/apps.js';
import { eventually } from '../../support/eventually.js';
import { type Answer, request } from './http.js';
import { ready, startRedis, startWeb, startWorker } from './start.js';

/** The template as `npm start` runs it: its two processes on a Redis of their own. */
export async function startTemplate(env: Record<string, string> = {}, atEnd?: AtEnd) {
  const redis = await startRedis({}, atEnd);
  const [web, worker] = await Promise.all([
    startWeb(redis.url, env, undefined, atEnd),
    startWorker(redis.url, env, undefined, atEnd),
  ]);
  await Promise.all([ready(web), ready(worker)]);
  return { redis, web, worker };
}

/** The same two for the tests of a file that do them no harm: gives what to ask for them in a test. */
export function shareTemplate(env?: Record<string, string>) {
  const ends: (() => Promise<void>)[] = [];
  let running: Promise<Awaited<ReturnType<typeof startTemplate>>> | undefined;
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  return () => (running ??= startTemplate(env, (work) => void ends.push(work)));
}

export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** The job, once it is in that state. */
export function jobIn(webUrl: string, jobId: unknown, state: string): Promise<Record<string, unknown>> {
  return eventually(async () => {
    const { body } = await request(`${webUrl}/jobs/${String(jobId)}`);
    expect(body['state']).toBe(state);
    return body;
  });
}
