import type { Finding } from '../../engine/finding.js';
import type { DoctorReport } from '../../doctor/doctor.report.js';
import { cleanText } from '../../observability/clean-text.js';
import type { Paint } from '../output/paint.js';
import { type Cell, renderFields, renderTable, type Tone } from '../output/table.js';
import { formatBytes } from '../output/units.js';
import { counted } from '../../contract/counted.js';

const TONES: Readonly<Record<Finding['severity'], Tone & keyof Paint>> = {
  fatal: 'bad',
  danger: 'bad',
  warning: 'warn',
};
/** Apps that are listed. */
const MAX_APPS = 10;

/** The report as text: what is, what is wrong with its cure, and what was not looked at. */
export function renderDoctor(report: DoctorReport, paint: Paint, width?: number): string {
  const blocks = [renderFields(factsOf(report), paint)];
  if (report.keys && report.keys.apps.length > 0) blocks.push(appsOf(report, paint, width));
  blocks.push(...report.findings.map((finding) => renderFinding(finding, paint)));
  if (report.findings.length === 0) blocks.push(paint.good('nothing is wrong'));
  if (report.notes.length > 0)
    blocks.push(report.notes.map((note) => paint.dim(`note: ${cleanText(note)}`)).join('\n'));
  return blocks.join('\n\n');
}

export function renderFinding({ severity, problem, cure }: Finding, paint: Paint): string {
  return `${paint[TONES[severity]](severity.toUpperCase())}  ${cleanText(problem)}\n  fix: ${cleanText(cure)}`;
}

function factsOf({ app, server, keys, queues, workers }: DoctorReport): [string, Cell][] {
  const sum = (pick: 'waiting' | 'delayed' | 'running' | 'dead') =>
    (queues ?? []).reduce((total, queue) => total + queue[pick], 0);
  const yes = (value: boolean | undefined) => (value === undefined ? undefined : value ? 'on' : 'off');
  const of = (part: number | undefined, whole: number | undefined, format: (value: number) => string) => {
    if (part === undefined) return undefined;
    return whole ? `${format(part)} of ${format(whole)}` : format(part);
  };
  const offset = server?.clockOffset;
  return [
    ['app', app],
    ['redis', server?.version],
    ['role', server?.role],
    ['append-only file', yes(server?.aofEnabled)],
    ['eviction', server?.evictionPolicy],
    ['memory', of(server?.usedMemory, server?.maxMemory, formatBytes)],
    [
      'of this app',
      keys?.ownBytes === undefined
        ? undefined
        : `about ${formatBytes(keys.ownBytes)} (${counted(keys.measured, 'key')} measured)`,
    ],
    ['keys', keys && (keys.seen < keys.keys ? `${keys.keys} (${keys.seen} looked at)` : keys.keys)],
    ['connections', of(server?.clients, server?.maxClients, String)],
    ['of this app', server?.clientsByApp?.[app]],
    [
      'clock',
      offset === undefined
        ? undefined
        : `${Math.round(Math.abs(offset))} ms ${offset > 0 ? 'behind' : 'ahead of'} Redis`,
    ],
    ['queues', queues && (queues.map(({ name }) => name).join(', ') || 'none')],
    [
      'jobs',
      queues &&
        `${sum('waiting')} waiting, ${sum('delayed')} delayed, ${sum('running')} running, ${sum('dead')} dead`,
    ],
    ['workers', workers?.length],
  ];
}

function appsOf({ keys, server }: DoctorReport, paint: Paint, width?: number): string {
  const apps = keys!.apps.slice(0, MAX_APPS);
  const columns = [
    { title: 'app', of: ({ app }: (typeof apps)[number]) => app },
    { title: 'keys', of: ({ keys: count }: (typeof apps)[number]) => count },
    { title: 'connections', of: ({ app }: (typeof apps)[number]) => server?.clientsByApp?.[app] },
  ];
  return renderTable(columns, apps, paint, width);
}
