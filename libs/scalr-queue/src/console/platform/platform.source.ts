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
import { SharedRead } from '../shared.read.js';
import type { AppSessions } from './app.sessions.js';

const LOOK_AGE_MS = 1_000;
/** Schedules and workers that died are looked at less often: nothing of them changes within a second. */
const DETAIL_AGE_MS = 5_000;

/** All apps of a Redis. */
export class PlatformSource implements ConsoleSource {
  private readonly looks = new SharedRead(() => this.look(), LOOK_AGE_MS);
  private readonly details = new Map<string, SharedRead<readonly Finding[]>>();
  private last?: ConsoleOverview;
  readonly writer?: ConsoleSource['writer'];

  constructor(
    private readonly watch: Pick<AppsWatch, 'read' | 'close'>,
    private readonly sessions: AppSessions,
    private readonly writers?: AppSessions,
  ) {
    if (writers) this.writer = async (name) => ((await this.app(name)) ? writers.of(name) : undefined);
  }

  async overview(): Promise<ConsoleOverview> {
    try {
      return await this.looks.get();
    } catch (error) {
      if (!this.last) throw error;
      return { ...this.last, stale: redactText(error instanceof Error ? error.message : String(error)) };
    }
  }

  async app(name: string): Promise<AppServices | undefined> {
    const knows = (look?: ConsoleOverview) => look?.apps.some(({ app }) => app === name) ?? false;
    return knows(this.last) || knows(await this.overview()) ? this.sessions.of(name) : undefined;
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
    this.last = toOverview(found, sorted(problems), notes);
    return this.last;
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

const WEIGHTS: Readonly<Record<Finding['severity'], number>> = { fatal: 2, danger: 1, warning: 0 };

const weightOf = ({ severity, app }: ConsoleProblem): number =>
  2 * WEIGHTS[severity] + (app === undefined ? 0 : 1);

/** The worst first; of the same weight those of apps, for which somebody waits, before those of the server. */
function sorted(problems: readonly ConsoleProblem[]): ConsoleProblem[] {
  return problems.toSorted((one, other) => weightOf(other) - weightOf(one));
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
