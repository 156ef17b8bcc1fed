import { createHash, timingSafeEqual } from 'node:crypto';

const BASIC = /^Basic +([A-Za-z0-9+/=_-]{1,1024})$/i;
const digest = (text: string) => createHash('sha256').update(text).digest();

/** Tells who a request is from, by HTTP basic authentication. Keeps no password. */
export class Accounts<Account extends { readonly user: string }> {
  private readonly entries: readonly { readonly account: Account; readonly secret: Buffer }[];

  constructor(known: readonly (readonly [account: Account, password: string])[]) {
    this.entries = known.map(([account, password]) => ({
      account,
      secret: digest(`${account.user}:${password}`),
    }));
  }

  get isClosed(): boolean {
    return this.entries.length === 0;
  }

  /** Whether a header holds a user and a password at all. */
  isTry(authorization: string | undefined): authorization is string {
    return BASIC.test(authorization ?? '');
  }

  /** Compares digests of one length with those of all users, so that the time it takes gives nothing away. */
  find(authorization: string | undefined): Account | undefined {
    const [, encoded] = BASIC.exec(authorization ?? '') ?? [];
    const given = digest(Buffer.from(encoded ?? '', 'base64').toString());
    let found: Account | undefined;
    for (const { account, secret } of this.entries) if (timingSafeEqual(secret, given)) found = account;
    return encoded === undefined ? undefined : found;
  }
}
