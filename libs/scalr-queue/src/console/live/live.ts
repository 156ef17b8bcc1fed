import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActProgress } from '../acts.js';
import { ConsoleError, toConsoleError } from '../console.error.js';
import type { ConsoleSettings } from '../console.settings.js';
import type { ConsoleOverview, ConsoleSource } from '../console.source.js';
import type { Viewer } from '../router.js';
import { overviewFor, sees } from '../visible-apps.js';
import { EventStream, eventText, HEARTBEAT } from './event.stream.js';

/** Times of a {@link Live}, in milliseconds, and how many it serves. */
export interface LiveLimits {
  /** Between two looks. */
  readonly pause: number;
  /** After so long without news a viewer is sent a sign of life. */
  readonly heartbeat: number;
  /** A viewer that does not read for so long is dropped. */
  readonly patience: number;
  readonly viewers: number;
}

/** The pause is a little longer than a look is shared: each beat reads anew. */
const LIMITS: LiveLimits = { pause: 1_010, heartbeat: 15_000, patience: 15_000, viewers: 500 };

interface Looker {
  readonly viewer: Viewer;
  readonly stream: EventStream;
  /** The last turn whose news they have. */
  turn: number;
}

/** What a look saw, or why it saw nothing. */
interface Look {
  readonly value?: ConsoleOverview;
  readonly trouble?: string;
}

/** The news of a turn, for those who see the same apps. */
type Texts = (since: number) => string;

/**
 * What all viewers are told, a second after the other: the overview, and how far acts are. However many there are it is read once, and without any
 * not at all.
 */
export class Live {
  private readonly lookers = new Set<Looker>();
  private readonly limits: LiveLimits;
  /** Tells the turns of this process from those of one before. */
  private readonly series = randomUUID().slice(0, 8);
  /** Counts the looks that brought news. */
  private turn = 0;
  private overview: Look & { readonly turn: number } = { turn: 0 };
  private acts: { readonly value: readonly ActProgress[]; readonly turn: number } = { value: [], turn: 0 };
  private timer?: NodeJS.Timeout;
  private readonly pulse: NodeJS.Timeout;
  private looking = false;

  constructor(
    private readonly source: Pick<ConsoleSource, 'overview'>,
    private readonly acting: { all(): readonly ActProgress[] | Promise<readonly ActProgress[]> },
    private readonly settings: ConsoleSettings,
    limits: Partial<LiveLimits> = {},
  ) {
    this.limits = { ...LIMITS, ...limits };
    this.pulse = setInterval(() => this.check(), this.limits.heartbeat / 3);
    this.pulse.unref();
  }

  /** Lets one more look on, until they go. @throws ConsoleError when there are too many */
  join(viewer: Viewer, request: IncomingMessage, response: ServerResponse): void {
    if (this.lookers.size >= this.limits.viewers)
      throw new ConsoleError(503, 'TOO_MANY_VIEWERS', `${this.limits.viewers} others look on already`);
    const looker = { viewer, stream: new EventStream(response), turn: this.turnOf(request) };
    this.lookers.add(looker);
    looker.stream.onClose(() => this.leave(looker));
    // Between two looks the last one is not old.
    if (this.timer) this.tell(looker, new Map());
    else if (!this.looking) void this.look();
  }

  /** How many look on. */
  get size(): number {
    return this.lookers.size;
  }

  close(): void {
    clearInterval(this.pulse);
    clearTimeout(this.timer);
    for (const { stream } of this.lookers) stream.end();
    this.lookers.clear();
  }

  private leave(looker: Looker): void {
    this.lookers.delete(looker);
    if (this.lookers.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** What they know already, where they have only lost the connection to this very process. */
  private turnOf({ headers }: IncomingMessage): number {
    const [, series, turn] = /^(\w{8})-(\d{1,15})$/.exec(String(headers['last-event-id'] ?? '')) ?? [];
    return series === this.series && Number(turn) <= this.turn ? Number(turn) : 0;
  }

  private async look(): Promise<void> {
    this.looking = true;
    const [overview, acts] = await Promise.all([this.readOverview(), this.readActs()]);
    this.looking = false;
    const next = this.turn + 1;
    const isOld = this.overview.turn > 0 && newsOf(overview) === newsOf(this.overview);
    this.overview = { ...overview, turn: isOld ? this.overview.turn : (this.turn = next) };
    if (this.acts.turn === 0 || JSON.stringify(acts) !== JSON.stringify(this.acts.value))
      this.acts = { value: acts, turn: (this.turn = next) };
    const texts = new Map<string, Texts>();
    for (const looker of this.lookers) this.tell(looker, texts);
    if (this.lookers.size > 0) this.timer = setTimeout(() => void this.look(), this.limits.pause);
    else this.timer = undefined;
  }

  private async readOverview(): Promise<Look> {
    try {
      return { value: await this.source.overview() };
    } catch (error) {
      return { trouble: toConsoleError(error)?.message ?? 'a fault of the console; its log says more' };
    }
  }

  private async readActs(): Promise<readonly ActProgress[]> {
    try {
      return await this.acting.all();
    } catch {
      // How far they are is told by the next look.
      return this.acts.value;
    }
  }

  private tell(looker: Looker, texts: Map<string, Texts>): void {
    const { viewer, stream } = looker;
    const key = JSON.stringify(viewer.apps ?? null);
    let text = texts.get(key);
    if (!text) texts.set(key, (text = this.textsFor(viewer)));
    if (stream.send(text(looker.turn))) looker.turn = this.turn;
    else if (stream.behindFor > this.limits.patience) stream.drop();
  }

  /** Put into words once for all who know as much. */
  private textsFor(viewer: Viewer): Texts {
    const { overview, acts, settings } = this;
    const known = new Map<number, string>();
    const id = `${this.series}-${this.turn}`;
    const write = (since: number): string => {
      const { value, trouble } = overview;
      const parts: string[] = [];
      if (!value) parts.push(eventText('trouble', id, { message: trouble }));
      else if (overview.turn > since)
        parts.push(eventText('overview', id, overviewFor(viewer, settings, value)));
      else parts.push(eventText('same', id, { at: value.at }));
      if (acts.turn > since)
        parts.push(
          eventText('acts', id, { acts: acts.value.filter(({ app }) => sees(viewer, settings, app)) }),
        );
      return parts.join('');
    };
    return (since) => {
      let text = known.get(since);
      if (text === undefined) known.set(since, (text = write(since)));
      return text;
    };
  }

  /** Signs of life, and an end for those who do not read: also while a look takes long. */
  private check(): void {
    for (const { stream } of this.lookers) {
      if (stream.behindFor > this.limits.patience) stream.drop();
      else if (stream.silentFor >= this.limits.heartbeat) stream.send(HEARTBEAT);
    }
  }
}

/** When it was read is no news. */
const newsOf = ({ value, trouble }: Look): string => JSON.stringify([trouble, { ...value, at: 0 }]);
