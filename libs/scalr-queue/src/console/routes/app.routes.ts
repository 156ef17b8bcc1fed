import { LIBRARY_VERSION } from '../../worker/library-version.js';
import { ANSWERED, type Call, type Route } from '../router.js';
import { pageOf } from './queries.js';
import { askedApps, ofEach, servicesOf, visibleOverview } from '../visible-apps.js';

/** What is looked at over all apps that an account sees, or over the one that `?app=` names. */
export const APP_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/me', role: 'view', answer: me },
  { method: 'GET', path: '/api/overview', role: 'view', answer: (call) => visibleOverview(call) },
  { method: 'GET', path: '/api/stream', role: 'view', answer: stream },
  { method: 'GET', path: '/api/queues', role: 'view', answer: queues },
  { method: 'GET', path: '/api/schedules', role: 'view', answer: schedules, sharedFor: 1_000 },
  { method: 'GET', path: '/api/workers', role: 'view', answer: workers, sharedFor: 1_000 },
  { method: 'GET', path: '/api/workers/gone', role: 'view', answer: goneWorkers, sharedFor: 1_000 },
  { method: 'GET', path: '/api/audit', role: 'view', answer: auditOfAll, sharedFor: 1_000 },
  { method: 'GET', path: '/api/audit/:app', role: 'view', answer: audit, sharedFor: 1_000 },
];

function me({ viewer, settings, source }: Call): object {
  const { user, role, payload, apps } = viewer;
  return {
    user,
    role,
    payload,
    ...(apps ? { apps } : {}),
    writes: source.writer !== undefined,
    title: settings.title,
    version: LIBRARY_VERSION,
  };
}

/** The overview and the acts under way, told again whenever they have changed. */
function stream({ viewer, request, response, live }: Call): typeof ANSWERED {
  if (request.method === 'HEAD') response.setHeader('Content-Type', 'text/event-stream').end();
  else live.join(viewer, request, response);
  return ANSWERED;
}

async function queues(call: Call): Promise<object> {
  const apps = await askedApps(call);
  return { queues: apps.flatMap(({ app, queues: all }) => all.map((queue) => ({ app, ...queue }))) };
}

async function schedules(call: Call): Promise<object> {
  const found = await ofEach(call, async (app, services) => {
    const [all, outcomes] = await Promise.all([services.schedules.list(), services.schedules.outcomes()]);
    const slots = new Map(outcomes.map((one) => [one.name, one.slots]));
    return all.map((schedule) => ({ app, ...schedule, outcomes: slots.get(schedule.name) ?? [] }));
  });
  return { schedules: found.toSorted((one, other) => lateness(other) - lateness(one)) };
}

async function workers(call: Call): Promise<object> {
  const looks = await ofEach(call, async (app, { queues: of }) => {
    const [live, gone] = await Promise.all([of.workers(), of.lostWorkers()]);
    return [{ live: live.map((one) => ({ app, ...one })), gone: gone.map((one) => ({ app, ...one })) }];
  });
  return {
    workers: looks.flatMap(({ live }) => live),
    gone: looks.flatMap((look) => look.gone).toSorted((one, other) => +other.seenAt - +one.seenAt),
  };
}

async function goneWorkers(call: Call): Promise<object> {
  const gone = await ofEach(call, async (app, { queues: service }) => {
    return (await service.goneWorkers()).map((worker) => ({ app, ...worker }));
  });
  return { gone: gone.toSorted((one, other) => +other.seenAt - +one.seenAt) };
}

/** What was done last to all apps, by whom. */
async function auditOfAll(call: Call): Promise<object> {
  const { limit } = pageOf(call.query);
  const entries = await ofEach(call, async (app, services) => {
    const page = await services.audit.list({ limit });
    return page.entries.map((entry) => ({ app, ...entry }));
  });
  return { entries: entries.toSorted((one, other) => +other.at - +one.at).slice(0, limit) };
}

/** What was done to an app, by whom. */
async function audit(call: Call): Promise<object> {
  const { audit: records } = await servicesOf(call, call.params['app']);
  return records.list(pageOf(call.query));
}

/** Those that are late or have missed a slot come first. */
function lateness({
  lateSince,
  lastMissedAt,
  lastSuccessAt,
}: {
  readonly lateSince?: Date;
  readonly lastMissedAt?: Date;
  readonly lastSuccessAt?: Date;
}): number {
  if (lateSince) return 2;
  return +(lastMissedAt ?? 0) > +(lastSuccessAt ?? 0) ? 1 : 0;
}
