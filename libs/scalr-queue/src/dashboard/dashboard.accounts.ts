import { createHash, timingSafeEqual } from 'node:crypto';
import type { DashboardCredentials } from './dashboard.options.js';

/** Someone who has shown a right password. */
export interface DashboardAccount {
  readonly user: string;
  readonly role: 'read' | 'write';
}

const BASIC = /^Basic +([A-Za-z0-9+/=_-]{1,1024})$/i;
const digest = (text: string) => createHash('sha256').update(text).digest();

/** Tells who a request is from, by HTTP basic authentication. Keeps no password. */
export class DashboardAccounts {
  private readonly accounts: readonly (DashboardAccount & { readonly secret: Buffer })[];

  constructor(credentials: readonly Required<DashboardCredentials>[]) {
    this.accounts = credentials.map(({ user, password, role }) => ({
      user,
      role,
      secret: digest(`${user}:${password}`),
    }));
  }

  get isClosed(): boolean {
    return this.accounts.length === 0;
  }

  /** Whether a header holds a user and a password at all. */
  isTry(authorization: string | undefined): authorization is string {
    return BASIC.test(authorization ?? '');
  }

  /** Compares digests of one length with those of all users, so that the time it takes gives nothing away. */
  find(authorization: string | undefined): DashboardAccount | undefined {
    const [, encoded] = BASIC.exec(authorization ?? '') ?? [];
    const given = digest(Buffer.from(encoded ?? '', 'base64').toString());
    let found: DashboardAccount | undefined;
    for (const account of this.accounts) if (timingSafeEqual(account.secret, given)) found = account;
    return encoded === undefined ? undefined : found;
  }
}
