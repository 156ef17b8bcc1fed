import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ConsoleError } from './console.error.js';

/** Time between what was shown and what is done. */
const VALID_MS = 2 * 60_000;

/** What was shown to somebody, and may be done by them. */
export interface PlannedAct {
  readonly act: string;
  readonly app: string;
  readonly user: string;
  readonly filter: Readonly<Record<string, string>>;
  /** Epoch milliseconds: nothing is done to jobs that came after it. */
  readonly before: number;
  readonly matched: number;
}

/** Signs what a preview has counted, so that only that can be done: by the same account, once, within two minutes. */
export class ActTokens {
  /** Of this process: after a restart one has to look again. */
  private readonly secret = randomBytes(32);
  /** Tokens that were used, with the time when they would have ended. */
  private readonly used = new Map<string, number>();

  constructor(private readonly now: () => number = Date.now) {}

  sign(act: PlannedAct): string {
    const text = Buffer.from(JSON.stringify({ ...act, until: this.now() + VALID_MS })).toString('base64url');
    return `${text}.${this.signatureOf(text).toString('base64url')}`;
  }

  /** @throws ConsoleError for a token that was changed, used, of another account, or is too old */
  use(token: unknown, user: string): PlannedAct {
    const [text = '', signature = ''] = typeof token === 'string' ? token.split('.', 2) : [];
    const given = Buffer.from(signature, 'base64url');
    const own = this.signatureOf(text);
    if (given.length !== own.length || !timingSafeEqual(given, own)) throw refused('it was not made here');
    const { until, ...act } = JSON.parse(Buffer.from(text, 'base64url').toString()) as PlannedAct & {
      readonly until: number;
    };
    if (act.user !== user) throw refused('it is of another account');
    this.forget();
    if (this.now() > until) throw refused('it is older than two minutes');
    if (this.used.has(text)) throw refused('it was used before');
    this.used.set(text, until);
    return act;
  }

  private signatureOf(text: string): Buffer {
    return createHmac('sha256', this.secret).update(text).digest();
  }

  private forget(): void {
    for (const [text, until] of this.used) if (this.now() > until) this.used.delete(text);
  }
}

const refused = (why: string) => new ConsoleError(409, 'TOKEN', `the token is refused: ${why}. Look again`);
