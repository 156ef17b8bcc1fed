import { ConsoleError } from './console.error.js';
import type { AppServices, ConsoleApp, ConsoleOverview } from './console.source.js';
import type { Call, Viewer } from './router.js';
import type { ConsoleSettings } from './console.settings.js';

/** Of which apps there are, where nothing else of the overview is told: apps come and go seldom, and it looks at each queue. */
const NAMES_AGE_MS = 15_000;

/** Whether an account sees an app, in a console that shows it. */
export function sees(viewer: Viewer, { scope }: ConsoleSettings, app: string): boolean {
  return (scope?.includes(app) ?? true) && (viewer.apps?.includes(app) ?? true);
}

/**
 * The overview as far as the account that asks may see it.
 * @param age milliseconds that it may be old
 */
export async function visibleOverview(
  { source, viewer, settings }: Call,
  age?: number,
): Promise<ConsoleOverview> {
  return overviewFor(viewer, settings, await source.overview(age));
}

/** An overview as far as an account may see it. Problems of the server are for all. */
export function overviewFor(
  viewer: Viewer,
  settings: ConsoleSettings,
  overview: ConsoleOverview,
): ConsoleOverview {
  return {
    ...overview,
    apps: overview.apps.filter(({ app }) => sees(viewer, settings, app)),
    problems: overview.problems.filter(({ app }) => app === undefined || sees(viewer, settings, app)),
    // They name keys of any app.
    notes: viewer.apps === undefined && settings.scope === undefined ? overview.notes : [],
  };
}

/**
 * The apps that a look goes over: the one that is asked for, or all that the account sees.
 * @param age milliseconds that what is known of them may be old
 */
export async function askedApps(call: Call, age?: number): Promise<readonly ConsoleApp[]> {
  const { apps } = await visibleOverview(call, age);
  const wanted = call.query.get('app');
  if (wanted === null) return apps;
  const found = apps.filter(({ app }) => app === wanted);
  if (found.length === 0) throw unknownApp(wanted);
  return found;
}

/** @throws ConsoleError, the same for an app that there is not and for one that the account may not see */
export async function servicesOf(call: Call, app = call.query.get('app')): Promise<AppServices> {
  if (app === null) throw new ConsoleError(400, 'APP_MISSING', 'name the app: ?app=');
  const { viewer, settings, source } = call;
  const services = sees(viewer, settings, app) ? await source.app(app) : undefined;
  if (!services) throw unknownApp(app);
  return services;
}

/** Looks at each app that is asked for, one after the other: an operator's look is in no hurry, and shares Redis with the apps. */
export async function ofEach<T>(
  call: Call,
  look: (app: string, services: AppServices) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (const { app } of await askedApps(call, NAMES_AGE_MS))
    found.push(...(await look(app, await servicesOf(call, app))));
  return found;
}

/** The services of an app over the connection that may change things. @throws ConsoleError as {@link servicesOf}, and where there is none */
export async function writerOf({ viewer, settings, source }: Call, app: string): Promise<AppServices> {
  if (!source.writer) throw new ConsoleError(403, 'READ_ONLY', 'this console may only look');
  const services = sees(viewer, settings, app) ? await source.writer(app) : undefined;
  if (!services) throw unknownApp(app);
  return services;
}

const unknownApp = (app: string) =>
  new ConsoleError(404, 'UNKNOWN_APP', `no app is called ${JSON.stringify(app.slice(0, 60))}`);
