import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineJob, ProcessJob, QueueUnavailableError } from 'scalr-queue';
import { Cli } from '../../libs/scalr-queue/src/cli/cli.js';
import { runCli } from '../../libs/scalr-queue/src/cli/program.js';
import { startBoth, startProducer } from '../support/apps.js';
import { CertificateAuthority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

const Note = defineJob<{ text: string }>('note', { retry: false });

class Notes {
  @ProcessJob(Note)
  note() {}
}

async function cli(...args: string[]) {
  let output = '';
  const sink = { write: (text: string) => void (output += text) } as never;
  const exitCode = await runCli(args, new Cli(sink, sink));
  return { exitCode, output };
}

describe('a Redis with TLS', () => {
  const ca = new CertificateAuthority('ours');
  const other = new CertificateAuthority('another');
  const servers: RedisServer[] = [];
  let dir: string;
  let port: number;

  async function start(name: string, hosts: string[], lifetime?: number) {
    const { cert, key } = ca.issue(hosts, lifetime);
    await writeFile(join(dir, `${name}.crt`), cert);
    await writeFile(join(dir, `${name}.key`), key);
    const tlsPort = await freePort();
    const files = ['--tls-cert-file', join(dir, `${name}.crt`), '--tls-key-file', join(dir, `${name}.key`)];
    const trust = ['--tls-ca-cert-file', join(dir, 'ca.crt'), '--tls-auth-clients', 'no'];
    servers.push(await RedisServer.start({ args: ['--tls-port', String(tlsPort), ...files, ...trust] }));
    return tlsPort;
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'scalr-tls-'));
    await writeFile(join(dir, 'ca.crt'), ca.cert);
    port = await start('good', ['localhost', '127.0.0.1']);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(dir, { recursive: true, force: true });
  });

  const refusalOf = async (redis: Parameters<typeof startProducer>[0]['redis']) => {
    const producer = await startProducer({ redis });
    const error = await eventually(async () => {
      const refused = await producer.queue.enqueue(Note, { text: 'a' }).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(refused).toBeInstanceOf(QueueUnavailableError);
      return refused!;
    });
    return error.message;
  };

  it('works for processes and the command line that trust its authority', async () => {
    const url = `rediss://localhost:${port}`;
    const { app, queue, jobs } = await startBoth({
      redis: { url, tls: { ca: ca.cert } },
      providers: [Notes],
    });
    const { id } = await queue.enqueue(Note, { text: 'a' });
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'completed' }));
    const flags = ['--app', app, '--redis', url];
    for (const command of [['check'], ['job', id]]) {
      expect(await cli(...flags, '--ca', join(dir, 'ca.crt'), ...command)).toMatchObject({ exitCode: 0 });
    }
    const { output } = await cli(...flags, 'check');
    expect(output).toContain('SCALR_REDIS_CA');
    vi.stubEnv('SCALR_REDIS_CA', join(dir, 'ca.crt'));
    expect(await cli(...flags, 'check')).toMatchObject({ exitCode: 0 });
    vi.stubEnv('SCALR_REDIS_CA', join(dir, 'good.key'));
    expect((await cli(...flags, 'check')).output).toContain(
      'SCALR_REDIS_CA to be a file with certificates in PEM',
    );
    vi.unstubAllEnvs();
  });

  it('is refused with the cause and the cure', async () => {
    const [expired, foreign] = await Promise.all([
      start('expired', ['localhost'], -1_000),
      start('foreign', ['redis.example']),
    ]);
    const trusted = { ca: ca.cert };
    const plain = servers[0]!.port;
    const at = (where: number, tls: object) => refusalOf({ host: 'localhost', port: where, tls });
    const answers = await Promise.all([
      at(port, {}),
      at(port, { ca: other.cert }),
      at(expired, trusted),
      at(foreign, trusted),
      refusalOf(`redis://127.0.0.1:${port}`),
      at(plain, trusted),
    ]);
    const expected = [
      'does not trust: name the file of its CA in SCALR_REDIS_CA',
      'does not trust: name the file of its CA in SCALR_REDIS_CA',
      'its certificate has expired',
      'its certificate is for another host',
      'use rediss://',
      'use redis://',
    ];
    for (const [n, answer] of answers.entries()) expect(answer).toContain(expected[n]);
  });
});

describe('sentinels', () => {
  it('that refuse the password are named, with the option that holds it', async () => {
    const sentinel = await RedisServer.start({ args: ['--requirepass', 'theirs'] });
    onTestFinished(() => sentinel.stop());
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    for (const sentinelPassword of [undefined, 'wrong-secret']) {
      const redis = { sentinels, name: 'mymaster', ...(sentinelPassword ? { sentinelPassword } : {}) };
      const producer = await startProducer({ redis });
      const error = await producer.queue.enqueue(Note, { text: 'a' }).catch((thrown: Error) => thrown);
      expect(error).toBeInstanceOf(QueueUnavailableError);
      expect((error as Error).message).toContain('redis.sentinelPassword');
      expect((error as Error).message).not.toMatch(/Retrying from scratch|secret/);
    }
  });
});
