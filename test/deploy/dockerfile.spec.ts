import { lastStage, readRoot } from './deployment-files.js';

const image = lastStage(readRoot('Dockerfile'));

it('runs as another user than root', () => {
  expect(image.get('USER')).toBe('node');
});

it('starts node itself, so that SIGTERM reaches it: web by default', () => {
  expect(JSON.parse(image.get('CMD')!)).toEqual(['node', 'dist/main.js']);
  expect(image.has('ENTRYPOINT')).toBe(false);
});

it('is a production image on the Node version of .nvmrc', () => {
  expect(image.get('FROM')).toBe('${NODE_IMAGE}');
  expect(readRoot('Dockerfile')).toContain(`\nARG NODE_IMAGE=node:${readRoot('.nvmrc').trim()}-slim\n`);
  expect(image.get('ENV')).toBe('NODE_ENV=production');
});

it('holds the library where its link in node_modules leads', () => {
  const copied = [...readRoot('Dockerfile').matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map(
    ([, path]) => path,
  );
  expect(copied).toEqual([
    'package.json',
    'node_modules',
    'libs/scalr-queue/package.json',
    'libs/scalr-queue/dist',
    'dist',
  ]);
});

it('leaves no dependency behind: all are in the node_modules of the root', () => {
  expect(readRoot('package-lock.json')).not.toContain('"libs/scalr-queue/node_modules/');
});

it.each(['**/.env*', '**/node_modules', '**/dist', '.git'])(
  'is built without %s of this machine',
  (pattern) => {
    expect(readRoot('.dockerignore').split('\n')).toContain(pattern);
  },
);
