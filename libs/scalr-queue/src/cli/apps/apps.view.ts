import type { AppOverview, AppsReport } from '../../engine/redis/survey/apps.reader.js';
import { cleanText } from '../../observability/clean-text.js';
import { counted } from '../../contract/counted.js';
import type { Paint } from '../output/paint.js';
import { type Column, renderTable } from '../output/table.js';
import { formatBytes, formatDuration } from '../output/units.js';

const COLUMNS: readonly Column<AppOverview>[] = [
  { title: 'app', of: ({ app }) => app },
  { title: 'queues', of: ({ queues }) => queues.length },
  { title: 'waiting', of: ({ waiting }) => waiting },
  { title: 'running', of: ({ running }) => running },
  { title: 'delayed', of: ({ delayed }) => delayed },
  { title: 'dead', of: ({ dead }) => (dead > 0 ? { value: dead, tone: 'bad' } : 0) },
  { title: 'oldest', of: ({ oldestPendingAgeMs: age }) => (age > 0 ? formatDuration(age) : undefined) },
  { title: 'workers', of: ({ workers }) => (workers === 0 ? { value: 0, tone: 'bad' } : workers) },
  { title: 'memory', of: ({ bytes }) => (bytes === undefined ? undefined : formatBytes(bytes)) },
  { title: 'share', of: ({ memoryShare: share }) => (share === undefined ? undefined : percent(share)) },
  { title: 'connections', of: ({ connections }) => connections },
];

/** All apps as a table, the memory and the connections of the server above it. */
export function renderApps(report: AppsReport, paint: Paint, width?: number): string[] {
  const { apps, server, notes } = report;
  const of = (part: number | undefined, whole: number | undefined, format: (value: number) => string) =>
    part === undefined ? 'unknown' : whole ? `${format(part)} of ${format(whole)}` : format(part);
  const head = [
    counted(apps.length, 'app'),
    `memory ${of(server.usedMemory, server.maxMemory, formatBytes)}`,
    `connections ${of(server.clients, server.maxClients, String)}`,
  ].join(' · ');
  const lines = [paint.bold(head.slice(0, width)), ''];
  if (apps.length === 0) lines.push('no app has stored anything yet');
  else lines.push(...renderTable(COLUMNS, apps, paint, width).split('\n'));
  return [...lines, ...notes.map((note) => paint.dim(`note: ${cleanText(note)}`))];
}

const percent = (share: number): string =>
  `${share < 0.1 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
