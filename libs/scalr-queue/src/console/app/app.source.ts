import { checkApp, checkLost, checkSchedules } from '../../doctor/app.checks.js';
import { toQueueInfos } from '../../engine/queue-state.js';
import { totalsOf } from '../../engine/redis/survey/apps.reader.js';
import { checkLoad } from '../../engine/redis/survey/server.checks.js';
import type { ServerSurvey } from '../../engine/redis/survey/server.survey.js';
import type { AppState } from '../../inspection/app.state.js';
import type { JobReader } from '../../inspection/job.reader.js';
import type { ScheduleStore } from '../../scheduling/schedule.store.js';
import type { AppServices, ConsoleOverview, ConsoleProblem, ConsoleSource } from '../console.source.js';
import { Overviews } from '../overviews.js';
import { sorted } from '../problems.js';

/** Where the console of an app looks, beside the services of the app. */
export interface AppParts {
  readonly app: string;
  readonly services: AppServices;
  readonly state: AppState;
  readonly schedules: ScheduleStore;
  readonly server: Pick<ServerSurvey, 'figures'>;
  readonly reader: JobReader;
}

/** The app that the console is part of, over the connections that it has anyway and with no more rights than it has. */
export class AppSource implements ConsoleSource {
  private readonly overviews = new Overviews(() => this.look());
  readonly writer?: ConsoleSource['writer'];

  /** @param writes whether anybody may change anything */
  constructor(
    private readonly parts: AppParts,
    writes: boolean,
  ) {
    if (writes) this.writer = (name) => this.app(name);
  }

  overview(age?: number): Promise<ConsoleOverview> {
    return this.overviews.get(age);
  }

  app(name: string): Promise<AppServices | undefined> {
    return Promise.resolve(name === this.parts.app ? this.parts.services : undefined);
  }

  /** The connections are the app's. */
  async close(): Promise<void> {}

  private async look(): Promise<ConsoleOverview> {
    const { app, state, schedules, server, reader } = this.parts;
    const [snapshot, lost, stored, load] = await reader.bounded(() =>
      Promise.all([state.read(), state.lostWorkers(), schedules.read(), server.figures()]),
    );
    const { queues, workers } = snapshot;
    const own = [...checkSchedules(stored.schedules), ...checkLost(lost), ...checkApp(snapshot)];
    const problems: ConsoleProblem[] = [...own.map((finding) => ({ ...finding, app })), ...checkLoad(load)];
    const versions = [...new Set(workers.flatMap(({ version }) => version ?? []))].toSorted();
    const infos = toQueueInfos(queues, workers);
    const { usedMemory, maxMemory, clients, maxClients } = load;
    return {
      at: new Date(),
      server: { usedMemory, maxMemory, clients, maxClients },
      problems: sorted(problems),
      apps: [{ app, queues: infos, ...totalsOf(queues), workers: workers.length, versions }],
      notes: [],
    };
  }
}
