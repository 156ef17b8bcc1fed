import type { WorkerInfo } from '../../contract/worker-info.js';
import type { QueueState } from '../../engine/queue-state.js';
import { cleanText } from '../../observability/clean-text.js';
import type { Paint } from '../output/paint.js';
import { type Cell, type Column, renderTable, type Tone } from '../output/table.js';
import { formatDuration } from '../output/units.js';
import type { TopFrame } from './top.reader.js';
import type { Rates } from './top.rates.js';

/** How a frame is shown. */
export interface TopLook {
  readonly app: string;
  readonly paint: Paint;
  readonly width?: number;
  /** Lines that there is room for. */
  readonly height?: number;
}

/** A frame as lines of text; what there is no room for is left out, and said so. */
export function renderTop(frame: TopFrame, look: TopLook): string[] {
  const { paint, width, height = Infinity } = look;
  const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], most: number): string[] => {
    const shown = rows.slice(0, Math.max(1, most));
    const lines = renderTable(columns, shown, paint, width).split('\n');
    const hidden = rows.length - shown.length;
    return hidden > 0 ? [...lines, paint.dim(`… and ${hidden} more`)] : lines;
  };
  const room = Math.max(2, height - 10);
  const lines = [headline(frame, look), '', ...table(queueColumns(frame), frame.queues, Math.ceil(room / 2))];
  if (frame.sinceStart) lines.push(paint.dim(cut('rates: averages since the workers started', width)));
  if (frame.workers.length > 0) lines.push('', ...table(WORKER_COLUMNS, frame.workers, Math.ceil(room / 4)));
  else lines.push('', paint.bad('no live worker'));
  for (const { name, queue } of frame.unhandled.slice(0, 2))
    lines.push(paint.bad(cut(`no live worker handles ${name} (queue ${queue})`, width)));
  if (frame.deadReasons.length > 0)
    lines.push('', ...table(deadColumns(frame), frame.deadReasons, Math.ceil(room / 4)));
  return lines.slice(0, height);
}

function headline({ queues, workers, at }: TopFrame, { app, paint, width }: TopLook): string {
  const sum = (pick: (queue: QueueState) => number) =>
    queues.reduce((total, queue) => total + pick(queue), 0);
  const parts = [
    `${sum(({ waiting }) => waiting)} waiting`,
    `${sum(({ delayed }) => delayed)} delayed`,
    `${sum(({ running }) => running)} running`,
    `${sum(({ dead }) => dead)} dead`,
    `${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`,
    new Date(at).toISOString().slice(11, 19),
  ];
  return paint.bold(cut(`scalr-queue top  ${app}  ${parts.join(' · ')}`, width));
}

function queueColumns(frame: TopFrame): readonly Column<QueueState>[] {
  const rate = (title: string, of: keyof Rates, tone?: Tone): Column<QueueState> => ({
    title,
    of: ({ name }) => toned(frame.rates.get(name)?.[of], tone),
  });
  const takers = ({ name }: QueueState) =>
    frame.workers.filter(({ draining, queues }) => !draining && queues.includes(name)).length;
  return [
    {
      title: 'queue',
      of: ({ name, paused }) => (paused ? { value: `${name} (paused)`, tone: 'warn' } : name),
    },
    { title: 'waiting', of: ({ waiting }) => waiting },
    { title: 'delayed', of: ({ delayed }) => delayed },
    { title: 'running', of: ({ running }) => (running > 0 ? { value: running, tone: 'good' } : 0) },
    { title: 'dead', of: ({ dead }) => (dead > 0 ? { value: dead, tone: 'bad' } : 0) },
    { title: 'oldest', of: ({ oldestPendingAgeMs: age }) => (age > 0 ? formatDuration(age) : undefined) },
    { title: 'net/s', of: ({ name }) => toned(frame.growth.get(name)) },
    rate('done/s', 'completed'),
    rate('retry/s', 'retried', 'warn'),
    rate('dead/s', 'dead', 'bad'),
    {
      title: 'workers',
      of: (queue) => (takers(queue) === 0 ? { value: 0, tone: 'bad' } : takers(queue)),
    },
  ];
}

const WORKER_COLUMNS: readonly Column<WorkerInfo>[] = [
  { title: 'worker', of: ({ host, pid }) => `${host}:${pid}` },
  { title: 'up', of: ({ startedAt }) => formatDuration(Date.now() - startedAt.getTime()) },
  {
    title: 'running',
    of: ({ running, draining }) => (draining ? { value: `${running} (draining)`, tone: 'warn' } : running),
  },
  { title: 'done', of: ({ counts }) => counts.reduce((total, { completed }) => total + completed, 0) },
  { title: 'first job', of: firstJob },
];

const deadColumns = ({ deadEstimated }: TopFrame): readonly Column<TopFrame['deadReasons'][number]>[] => [
  { title: deadEstimated ? 'dead, about' : 'dead', of: ({ jobs }) => jobs },
  { title: 'reason', of: ({ reason }) => reason },
];

/** Of those that run: it has run the longest. */
function firstJob({ runningJobs: [first] }: WorkerInfo): string | undefined {
  return first && `${first.queue}/${first.id}`;
}

/** A rate as people read it, in its colour unless it is nothing. */
function toned(rate: number | undefined, tone?: Tone): Cell {
  if (rate === undefined) return undefined;
  const value = Math.abs(rate) >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10;
  return value > 0 && tone ? { value, tone } : value + 0;
}

/** For a line that is not in a table. */
function cut(text: string, width = Infinity): string {
  const clean = cleanText(text);
  return clean.length > width ? `${clean.slice(0, Math.max(0, width - 1))}…` : clean;
}
