import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One line that a handler wrote. */
export interface Execution {
  readonly what: 'start' | 'finish' | 'abort' | 'database-closed';
  readonly id: string;
  readonly pid: number;
  readonly attempt: number;
  readonly at: number;
  /** The slot, of a start that a schedule caused. */
  readonly slot?: number;
  /** Name of the error that a handler was told to stop with. */
  readonly reason?: string;
}

/** What really happened, in files outside of Redis: what producers were told, and what handlers did. */
export class Ledger {
  constructor(
    readonly executionsFile: string,
    readonly answersFile: string,
  ) {}

  executions(): Execution[] {
    return linesOf(this.executionsFile).map((line) => {
      const [what, id = '', pid, attempt, at, more] = line.split(' ');
      return {
        what: what as Execution['what'],
        id,
        pid: Number(pid),
        attempt: Number(attempt),
        at: Number(at),
        ...(what === 'start' && more !== '-' ? { slot: Number(more) } : {}),
        ...(what === 'abort' ? { reason: more } : {}),
      };
    });
  }

  /** Lines of one kind, of one job if that is named. */
  of(what: Execution['what'], id?: string): Execution[] {
    return this.executions().filter((line) => line.what === what && (id === undefined || line.id === id));
  }

  /** Ids of the jobs that a producer was told are enqueued. */
  acknowledged(): Set<string> {
    return new Set(wordsAfter('ack ', this.answersFile));
  }

  /** Calls of `enqueue` under load that have begun, and those of them whose outcome the caller was told. */
  calls(): { begun: number; settled: number } {
    const lines = linesOf(this.answersFile);
    const of = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
    return { begun: of(/^call /), settled: of(/^told /) };
  }

  /** Acknowledged jobs that no handler has finished. */
  unfinished(): string[] {
    const finished = new Set(this.of('finish').map(({ id }) => id));
    return [...this.acknowledged()].filter((id) => !finished.has(id));
  }

  /** A row has seen the job dead, as it must be. */
  settle(id: string): void {
    appendFileSync(this.answersFile, `settled ${id}\n`);
  }

  /** Acknowledged jobs that neither a handler has finished nor a row has seen dead as they must be. */
  unsettled(): string[] {
    const settled = new Set(wordsAfter('settled ', this.answersFile));
    return this.unfinished().filter((id) => !settled.has(id));
  }

  /** What producers were told and what handlers did, in numbers. */
  figures(): { acknowledged: number; lost: number; twice: number } {
    return {
      acknowledged: this.acknowledged().size,
      lost: this.unsettled().length,
      twice: this.twice().length,
    };
  }

  /** Jobs that were started more than once. */
  twice(): string[] {
    const starts = new Map<string, number>();
    for (const { id } of this.of('start')) starts.set(id, (starts.get(id) ?? 0) + 1);
    return [...starts].filter(([, count]) => count > 1).map(([id]) => id);
  }

  /** When the first job was finished at or after `time`; 0 when none was yet. */
  firstFinishAfter(time: number): number {
    return this.of('finish').find(({ at }) => at >= time)?.at ?? 0;
  }
}

function wordsAfter(prefix: string, file: string): string[] {
  return linesOf(file)
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

function linesOf(file: string): string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  // The last line may be half written.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
}
