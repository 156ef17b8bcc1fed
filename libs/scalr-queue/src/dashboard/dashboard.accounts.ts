import { Accounts } from '../access/accounts.js';
import type { DashboardCredentials } from './dashboard.options.js';

/** Someone who has shown a right password. */
export interface DashboardAccount {
  readonly user: string;
  readonly role: 'read' | 'write';
}

/** Tells who a request is from. */
export class DashboardAccounts extends Accounts<DashboardAccount> {
  constructor(credentials: readonly Required<DashboardCredentials>[]) {
    super(credentials.map(({ user, password, role }) => [{ user, role }, password]));
  }
}
