import { checkApp, checkLost, checkSchedules } from '../../doctor/app.checks.js';
import type { AppDetail, AppOverview } from '../../engine/redis/survey/apps.reader.js';
import type { AllApps } from '../../engine/redis/survey/all-apps.js';
import type { AppsWatch } from '../../engine/redis/survey/apps.watch.js';
import { checkLoad } from '../../engine/redis/survey/server.checks.js';
import type { Finding } from '../../engine/finding.js';
import { redactText } from '../../observability/redaction.js';
import type {
  AppServices,
  ConsoleApp,
  ConsoleOverview,
  ConsoleProblem,
  ConsoleSource,
} from '../console.source.js';
import { Overviews } from '../overviews.js';
import { sorted } from '../problems.js';
import { SharedRead } from '../shared.read.js';
import type { AppSessions } from './app.sessions.js';

/** Schedules and workers that died are looked at less often: nothing of them changes within a second. */
const DETAIL_AGE_MS = 5_000;

/** All apps of a Redis. */
export class PlatformSource implements ConsoleSource {
  private readonly overviews = new Overviews(() => this.look());
  private readonly details = new Map<string, SharedRead<readonly Finding[]>>();
  readonly writer?: ConsoleSource['writer'];

  constructor(
    private readonly watch: Pick<AppsWatch, 'read' | 'close'>,
    private readonly sessions: AppSessions,
    private readonly writers?: AppSessions,
  ) {
    if (writers) this.writer = async (name) => ((await this.app(name)) ? writers.of(name) : undefined);
  }

  overview(age?: number): Promise<ConsoleOverview> {
    return this.overviews.get(age);
  }

  async app(name: string): Promise<AppServices | undefined> {
    const knows = (look?: ConsoleOverview) => look?.apps.some(({ app }) => app === name) ?? false;
    return knows(this.overviews.last) || knows(await this.overview()) ? this.sessions.of(name) : undefined;
  }

  async close(): Promise<void> {
    this.watch.close();
    await Promise.all([this.sessions.close(), this.writers?.close()]);
  }

  private async look(): Promise<ConsoleOverview> {
    const found = await this.watch.read();
    const notes = [...found.notes];
    const problems: ConsoleProblem[] = checkLoad(found.server);
    for (const [app, detail] of found.details) {
      const more = await this.detailsOf(app).catch((error: unknown): readonly Finding[] => {
        notes.push(`${app}: schedules and lost workers were not looked at, ${redactText(String(error))}`);
        return [];
      });
      for (const finding of [...more, ...checkApp(detail)]) problems.push({ ...finding, app });
    }
    return toOverview(found, sorted(problems), notes);
  }

  private detailsOf(app: string): Promise<readonly Finding[]> {
    let read = this.details.get(app);
    if (!read) this.details.set(app, (read = new SharedRead(() => this.examine(app), DETAIL_AGE_MS)));
    return read.get();
  }

  private async examine(app: string): Promise<readonly Finding[]> {
    const { queues, storedSchedules } = await this.sessions.of(app);
    const [schedules, lost] = await Promise.all([storedSchedules(), queues.lostWorkers()]);
    return [...checkSchedules(schedules), ...checkLost(lost)];
  }
}

function toOverview(
  { apps, server, details }: AllApps,
  problems: readonly ConsoleProblem[],
  notes: readonly string[],
): ConsoleOverview {
  const { usedMemory, maxMemory, clients, maxClients } = server;
  return {
    at: new Date(),
    server: { usedMemory, maxMemory, clients, maxClients },
    problems,
    apps: apps.map((app) => toApp(app, details.get(app.app))),
    notes,
  };
}

function toApp({ keys: _keys, ...app }: AppOverview, detail?: AppDetail): ConsoleApp {
  const versions = new Set(detail?.workers.flatMap(({ version }) => version ?? []));
  return { ...app, versions: [...versions].toSorted() };
}
