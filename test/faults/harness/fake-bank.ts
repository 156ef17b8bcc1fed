import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A payment provider that recognises a key, as they do, and writes down every call. */
export interface FakeBank {
  readonly url: string;
  /** What was charged, by the key: the first call of each counts. */
  charges(): Map<string, number>;
  /** All calls, with those that were recognised. */
  calls(): number;
  close(): void;
}

/** @param file its ledger */
export async function fakeBank(file: string): Promise<FakeBank> {
  const calls = () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.split(' '))
      : [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://bank');
    const [, key = '', amount = ''] = pathname.split('/');
    appendFileSync(file, `${key} ${amount}\n`);
    const caller = Number(searchParams.get('kill'));
    // It has been charged, and hears no answer.
    if (caller > 0) process.kill(caller, 'SIGKILL');
    else response.end(`"${key}"`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    charges: () => new Map(calls().map(([key = '', amount]) => [key, Number(amount)])),
    calls: () => calls().length,
    close: () => void server.close(),
  };
}
