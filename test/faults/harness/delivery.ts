import type { Ledger } from './ledger.js';
import type { Figures } from './row.js';

/** Jobs were lost or ran too often: the one failure that no row may catch, and that no second look excuses. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';

  constructor(
    message: string,
    readonly figures: Figures,
  ) {
    super(message);
  }
}

/** Nobody could say what has become of acknowledged jobs: a row that does not know has not measured it. */
export class NotLookedUp extends Error {
  override readonly name = 'NotLookedUp';

  constructor(
    jobs: number,
    readonly figures: Figures,
    cause: unknown,
  ) {
    super(`${jobs} jobs not looked up, no producer answers: ${String(cause)}`, { cause });
  }
}

/** What of a producer is needed to look jobs up. */
export interface Lookup {
  /** Name of its app; jobs of one app are not seen in another. */
  readonly app: string;
  /** Those of the ids whose job is not stored, or is dead; rejects when it cannot know. */
  withoutFuture(ids: readonly string[]): Promise<string[]>;
}

/** How many jobs a fault may cost. */
export interface Allowance {
  /** Acknowledged jobs that the fault takes from Redis itself. */
  lost: number;
  /** Jobs that are started more often than once. */
  twice: number;
}

/**
 * The last look at a row, whatever the row itself has looked at: every acknowledged job was finished by a handler, was seen
 * dead by the row as it must be, or is still stored to be run, and none was started again that must not be. Resolves with the
 * figures of the ledger.
 */
export async function checkDelivery(
  ledger: Ledger,
  lookups: readonly Lookup[],
  may: Allowance,
): Promise<Figures> {
  const { acknowledged, twice } = ledger.figures();
  if (twice > may.twice) {
    const some = ledger.twice().slice(0, 5).join(', ');
    const message = `${twice} jobs were started more often than once (${may.twice} allowed): ${some}`;
    throw new DeliveryFailure(message, { acknowledged, twice });
  }
  // Jobs of schedules are acknowledged to nobody.
  if (acknowledged === 0) return ledger.of('start').length > 0 ? { twice } : {};
  let open = ledger.unsettled();
  for (const app of new Set(lookups.map((lookup) => lookup.app))) {
    if (open.length === 0) break;
    const asked = open;
    const ofApp = lookups.filter((lookup) => lookup.app === app);
    // Also where the row itself has a figure: nobody has counted.
    open = await firstAnswer(ofApp, asked).catch((error: unknown) => {
      throw new NotLookedUp(asked.length, { acknowledged, twice, lost: undefined }, error);
    });
  }
  // Some have been finished meanwhile, and are no longer stored for that.
  const unsettled = new Set(ledger.unsettled());
  const lost = open.filter((id) => unsettled.has(id));
  const figures = { acknowledged, twice, lost: lost.length };
  if (lost.length <= may.lost) return figures;
  const some = lost.slice(0, 5).join(', ');
  throw new DeliveryFailure(
    `${lost.length} acknowledged jobs were not finished, not seen dead by the row, and are not stored to be run (${may.lost} allowed): ${some}`,
    figures,
  );
}

async function firstAnswer(lookups: readonly Lookup[], ids: string[]): Promise<string[]> {
  let failure: unknown;
  for (const lookup of lookups) {
    try {
      return await lookup.withoutFuture(ids);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
