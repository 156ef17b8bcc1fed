import { readEnvironment } from '../../libs/scalr-queue/src/config/environment.js';
import { loadCompose, readEnvFile, readRoot, uncommentWorker } from './deployment-files.js';

const documented = readEnvFile(readRoot('.env.example'));
const compose = uncommentWorker(readRoot('docker-compose.yml'));

it('names every variable that the library reads', () => {
  const read = new Set<string>();
  readEnvironment(new Proxy({}, { get: (_, name) => void read.add(String(name)) }));
  expect(read.size).toBeGreaterThan(0);
  expect([...documented.keys()]).toEqual(expect.arrayContaining([...read]));
});

it('names the variables of docker-compose.yml, with the same defaults', () => {
  const { web, worker, postgres, console: shown } = loadCompose(compose).services;
  const { POSTGRES_PASSWORD } = postgres?.environment ?? {};
  const inCompose = Object.entries({
    ...web?.environment,
    ...worker?.environment,
    ...shown?.environment,
    POSTGRES_PASSWORD,
  });
  const inExample = [...documented].map(([name, { value }]) => [name, value] as const);
  expect(Object.fromEntries(inExample)).toEqual(
    Object.fromEntries(inCompose.map(([name, value]) => [name, String(value)])),
  );
});

it('names every variable that docker-compose.yml fills in', () => {
  const filledIn = [...compose.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!);
  const known = new Set(['COMPOSE_PROJECT_NAME', ...documented.keys()]);
  expect(filledIn.filter((name) => !known.has(name))).toEqual([]);
});

it.each([...documented])('says what %s means and what happens without it', (_, { comment }) => {
  expect(comment).toMatch(/^# .+\. Default: .+/s);
});

it('is accepted by the library as it stands', () => {
  const values = [...documented].map(([name, { value }]) => [name, value] as const);
  expect(() => readEnvironment(Object.fromEntries(values))).not.toThrow();
});
