import type { Logger } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Accounts } from './accounts.js';
import { LoginDelay } from './login.delay.js';

/** Who a request is from, or with which status it is to be refused; what the answer needs beside that is set on it. */
export type Admitted<Account> =
  { readonly account: Account; readonly status?: undefined } | { readonly status: 401 | 429 };

/** Lets in who knows a password, and slows down those who guess. */
export class Login<Account extends { readonly user: string }> {
  private readonly delay = new LoginDelay();

  constructor(
    private readonly accounts: Accounts<Account>,
    private readonly logger: Logger,
  ) {}

  async admit(request: IncomingMessage, response: ServerResponse): Promise<Admitted<Account>> {
    const { authorization } = request.headers;
    if (this.accounts.isTry(authorization)) {
      const address = addressOf(request);
      const admission = await this.delay.admit(address, authorization);
      if (!admission.admitted) {
        response.setHeader('Retry-After', Math.ceil(admission.retryIn / 1_000));
        return { status: 429 };
      }
      const account = this.accounts.find(authorization);
      if (account) {
        this.delay.succeeded(address, authorization);
        return { account };
      }
      const failures = this.delay.failed(address);
      this.logger.warn(`failed login from ${address} (${failures} in a row)`);
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="queues", charset="UTF-8"');
    return { status: 401 };
  }
}

/** Behind a proxy that express was told to trust, the client's. */
function addressOf(request: IncomingMessage & { ip?: string }): string {
  return request.ip ?? request.socket.remoteAddress ?? 'unknown';
}
