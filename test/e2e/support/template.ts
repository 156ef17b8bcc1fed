import { eventually } from '../../support/eventually.js';
import { type Answer, request } from './http.js';
import { ready, startRedis, startWeb, startWorker } from './start.js';

/** The template as `npm start` runs it: its two processes on a Redis of their own. */
export async function startTemplate(env: Record<string, string> = {}) {
  const redis = await startRedis();
  const [web, worker] = await Promise.all([startWeb(redis.url, env), startWorker(redis.url, env)]);
  await Promise.all([ready(web), ready(worker)]);
  return { redis, web, worker };
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
