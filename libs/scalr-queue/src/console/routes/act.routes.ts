import { type ActPace, ACTS } from '../acts.js';
import { ConsoleError } from '../console.error.js';
import { type Call, isAtLeast, type Route } from '../router.js';
import { sees, writerOf } from '../visible-apps.js';

/** What changes something: nothing of it works in a console that may only look. */
export const ACT_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/api/acts/preview', role: 'operate', answer: preview },
  { method: 'POST', path: '/api/acts', role: 'operate', answer: begin },
  {
    method: 'GET',
    path: '/api/acts/:id',
    role: 'view',
    answer: (call) => call.acts.find(call.params['id']!, mine(call)),
  },
  {
    method: 'DELETE',
    path: '/api/acts/:id',
    role: 'operate',
    answer: (call) => call.acts.stop(call.params['id']!, mine(call)),
  },
  {
    method: 'POST',
    path: '/api/acts/:id/stop',
    role: 'operate',
    answer: (call) => call.acts.stop(call.params['id']!, mine(call)),
  },
  { method: 'POST', path: '/api/acts/:id/resume', role: 'operate', answer: resume },
  {
    method: 'POST',
    path: '/api/queues/:app/:queue/pause',
    role: 'operate',
    answer: (call) => hold(call, 'pause'),
  },
  {
    method: 'POST',
    path: '/api/queues/:app/:queue/resume',
    role: 'operate',
    answer: (call) => hold(call, 'resume'),
  },
  { method: 'POST', path: '/api/schedules/:app/:name/run', role: 'operate', answer: runNow },
];

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  retry: ['name', 'queue', 'reason', 'error', 'group', 'tag', 'after'],
  delete: ['name', 'queue', 'reason', 'error', 'group', 'tag', 'after'],
  cancel: ['name', 'queue', 'tag', 'state'],
};

/** Counts, and gives the token for what was counted. */
async function preview(call: Call): Promise<object> {
  const { viewer, body, acts } = call;
  const { act, app, filter = {} } = (body ?? {}) as { act?: unknown; app?: unknown; filter?: unknown };
  if (typeof act !== 'string' || !Object.hasOwn(ACTS, act))
    throw new ConsoleError(400, 'INVALID_BODY', `act is one of ${Object.keys(ACTS).join(', ')}`);
  const role = ACTS[act]!;
  if (!isAtLeast(viewer, role))
    throw new ConsoleError(403, 'ROLE', `this needs the role ${role}, yours is ${viewer.role}`);
  if (typeof app !== 'string') throw new ConsoleError(400, 'APP_MISSING', 'name the app');
  const services = await writerOf(call, app);
  const planned = { act, app, user: viewer.user, filter: filterOf(act, filter), before: Date.now() };
  const matched = await acts.count(services, planned);
  const token = acts.tokens.sign({ ...planned, matched });
  return { token, act, app, filter: planned.filter, matched, before: new Date(planned.before) };
}

async function begin(call: Call): Promise<object> {
  const { viewer, body, acts } = call;
  const planned = acts.tokens.use((body as { token?: unknown } | undefined)?.token, viewer.user);
  return acts.start(await writerOf(call, planned.app), planned, paceIn(body));
}

async function resume(call: Call): Promise<object> {
  const { params, viewer, acts, source, body } = call;
  if (!source.writer) throw new ConsoleError(403, 'READ_ONLY', 'this console may only look');
  return acts.resume(params['id']!, mine(call), { ...paceIn(body), by: viewer.user });
}

/** How a redrive is to go about it; the service says what is wrong with that. */
function paceIn(body: unknown): ActPace {
  const { rate, first, stopAt } = (body ?? {}) as ActPace;
  return Object.fromEntries(
    Object.entries({ rate, first, stopAt }).filter(([, value]) => value !== undefined),
  );
}

async function hold(call: Call, act: 'pause' | 'resume'): Promise<object> {
  const { app, queue } = call.params as { app: string; queue: string };
  const { queues } = await writerOf(call, app);
  await queues[act](queue, actorOf(call));
  return { app, queue, paused: act === 'pause' };
}

async function runNow(call: Call): Promise<object> {
  const { app, name } = call.params as { app: string; name: string };
  const { schedules } = await writerOf(call, app);
  const { id, name: job, queue } = await schedules.runNow(name, actorOf(call));
  return { app, id, name: job, queue };
}

const actorOf = ({ viewer }: Call) => ({ by: viewer.user, via: 'console' as const });

function filterOf(act: string, given: unknown): Record<string, string> {
  const entries =
    typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : undefined;
  const known = FIELDS[act]!;
  if (!entries?.every(([name, value]) => known.includes(name) && typeof value === 'string'))
    throw new ConsoleError(400, 'INVALID_BODY', `filter is an object of texts: ${known.join(', ')}`);
  return Object.fromEntries(entries.filter(([, value]) => value !== '')) as Record<string, string>;
}

const mine =
  ({ viewer, settings }: Call) =>
  (app: string): boolean =>
    sees(viewer, settings, app);
