import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lastStage, loadCompose, readRoot, type Service, uncommentWorker } from './deployment-files.js';

const { web, worker } = loadCompose(uncommentWorker(readRoot('docker-compose.yml'))).services as {
  web: Service;
  worker: Service;
};
const [, ofImage] = / CMD (\[.+\])$/.exec(lastStage(readRoot('Dockerfile')).get('HEALTHCHECK') ?? '') ?? [];

/** Runs a check as Docker does, with its own port replaced by the given one. */
async function run(check: string[], env: Record<string, string>, port: number): Promise<number> {
  const [command, ...args] = check.filter((word) => word !== 'CMD');
  expect(command).toBe('node');
  const replaced = args.map((word) => word.replace(/:300[01]\//, `:${port}/`));
  const child = spawn(process.execPath, replaced, { env, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

const unused = '9';

it.each([
  ['web', web.healthcheck!.test, () => ({})],
  ['worker', worker.healthcheck!.test, () => ({})],
  [
    'an image that runs web',
    JSON.parse(ofImage!),
    (port: string) => ({ PORT: port, SCALR_WORKER_PORT: unused }),
  ],
  [
    'an image that runs a worker',
    JSON.parse(ofImage!),
    (port: string) => ({ PORT: unused, SCALR_WORKER_PORT: port }),
  ],
] as [string, string[], (port: string) => Record<string, string>][])(
  'of %s is what /health/ready says',
  async (_, check, env) => {
    const asked: (string | undefined)[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status, { connection: 'close' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const result = () => run(check, env(String(port)), port);

    expect(await result()).toBe(0);
    status = 503;
    expect(await result()).toBe(1);
    expect(asked).toEqual(['/health/ready', '/health/ready']);

    server.close();
    await once(server, 'close');
    expect(await result()).toBe(1);
  },
);

it.each([
  ['web', web, web.environment?.['PORT']],
  ['worker', worker, worker.environment?.['SCALR_WORKER_PORT']],
])('of %s asks the port that it listens on', (_, { healthcheck }, port) => {
  expect(healthcheck?.test.join(' ')).toContain(`'http://127.0.0.1:${port}/health/ready'`);
});
