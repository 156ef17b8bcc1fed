import { ApiError, get, type History } from './api.js';
import { chart } from './chart.js';
import { type Child, h } from './dom.js';
import { count, duration } from './format.js';
import { hrefOf } from './parts.js';
import type { Frame } from './plot.js';

const RANGES = ['1h', '6h', '24h', '14d'];

/** What was read is shown for so long: a cell is a minute at least. */
const AGE_MS = 15_000;

let last: { readonly key: string; readonly at: number; readonly read: Promise<History> } | undefined;

function recent(query: Readonly<Record<string, string | undefined>>): Promise<History> {
  const key = JSON.stringify(query);
  if (last?.key === key && performance.now() - last.at < AGE_MS) return last.read;
  const read = get<History>('history', query);
  const found = { key, at: performance.now(), read };
  last = found;
  // What has failed is tried again.
  read.catch(() => (last = last === found ? undefined : last));
  return read;
}

/** What the workers did of late, as charts; a sentence where that is not to be had. */
export async function historyOf(
  page: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<Child[]> {
  const { app, queue, range = '6h' } = query;
  const links = RANGES.map((one) =>
    h('a', { href: hrefOf(page, { ...query, range: one }), 'aria-current': one === range && 'true' }, one),
  );
  return [
    h('nav', { 'aria-label': 'How far back', class: 'choice' }, ...links),
    ...(await charts(app, queue, range)),
  ];
}

async function charts(app?: string, queue?: string, range?: string): Promise<Child[]> {
  let history: History;
  try {
    history = await recent({ app, queue, range });
  } catch (error) {
    // The rest of the page says what it knows nevertheless.
    if (error instanceof ApiError) return [h('p', { class: 'none' }, `No history: ${error.message}`)];
    throw error;
  }
  const { series, deploys, t0, step } = history;
  const { done, failed, dead, waitP50Ms, waitP95Ms } = series;
  if (done.every((value) => value === null))
    return [h('p', { class: 'none' }, 'No worker has written history in this time.')];
  const frame: Frame = {
    t0,
    step,
    marks: deploys.map(({ version, firstSeenAt }) => ({ at: Date.parse(firstSeenAt), text: version })),
  };
  const every = `in ${duration(step)}`;
  return [
    chart(
      `Jobs ${every}`,
      frame,
      [
        { title: 'done', tone: 'good', values: done },
        { title: 'failed attempts', tone: 'warn', values: failed },
        { title: 'dead', tone: 'bad', values: dead },
      ],
      count,
    ),
    waitP95Ms &&
      waitP50Ms &&
      chart(
        'Wait before the first attempt',
        frame,
        [
          { title: '95 %', tone: 'link', values: waitP95Ms },
          { title: 'half', tone: 'good', values: waitP50Ms },
        ],
        duration,
      ),
  ];
}
