// @ts-check
/**
 * Who may import what in `libs/scalr-queue/src`: the one table. `npm run lint` holds every import, those of types included, against it
 * (`imports.mjs`). A folder that is not listed may import nothing; the longest path that fits a file counts. Arrows point
 * downwards: a folder stands below all that may import it, so that there is no circle of folders.
 */

/** @param {string[]} names */
const list = (...names) => names.flatMap((some) => some.split(' ').filter(Boolean));

const FOUNDATION = 'engine contract config';
/** What is looked at in the server itself: its settings and load, its keys, and the apps that share it. */
const SURVEY = [
  ...[
    'server.survey',
    'server.checks',
    'key.survey',
    'apps.reader',
    'all-apps',
    'apps.watch',
    'lean-queues',
  ].map((file) => `engine/redis/survey/${file}.ts`),
  'engine/redis/preflight/server-facts.ts',
  'engine/redis/preflight/acl-block.ts',
].join(' ');
/** Of those that still ask Redis themselves. */
const WITH_REDIS = 'engine/redis engine contract config';

/** Folders and files, each with those that it may import beside its own. @type {Record<string, readonly string[]>} */
export const LAYERS = {
  contract: [],
  config: list('contract'),
  lifecycle: [],
  engine: list('contract config'),
  'engine/redis': list('lifecycle engine contract config'),
  'engine/memory': list('engine contract config'),
  observability: list('engine contract config'),
  access: list('contract'),
  tracing: list('observability engine contract config'),
  retention: list(FOUNDATION),
  audit: list('observability', FOUNDATION),
  history: list('observability', FOUNDATION),
  inspection: list('audit retention observability', FOUNDATION),
  'dead-letter': list('audit inspection', FOUNDATION),
  hooks: list(FOUNDATION),
  producer: list('hooks inspection tracing observability lifecycle', FOUNDATION),
  scheduling: list('audit producer tracing', FOUNDATION),
  outbox: list('engine contract config'),
  durability: list('producer observability', FOUNDATION),
  shared: list('observability', FOUNDATION),
  metrics: list('durability shared scheduling inspection observability', FOUNDATION),
  health: list('metrics inspection', FOUNDATION),
  worker: list(
    'worker/thread history hooks dead-letter durability health shared scheduling retention inspection tracing observability lifecycle',
    FOUNDATION,
  ),
  'worker/thread': list('worker tracing engine contract config/clock.ts'),
  http: list('contract'),
  'scalr-queue.module.ts': list(
    'audit history worker durability health metrics shared scheduling producer dead-letter inspection tracing observability lifecycle',
    WITH_REDIS,
  ),
  doctor: list('scheduling inspection', SURVEY, FOUNDATION),
  cli: list(
    'audit history scalr-queue.module.ts console console/platform access outbox cli/output doctor worker shared scheduling dead-letter inspection observability',
    SURVEY,
    FOUNDATION,
  ),
  'cli/output': list('observability/clean-text.ts'),
  console: list(
    'audit history access worker/library-version.ts shared scheduling dead-letter inspection observability',
    FOUNDATION,
  ),
  'console/app': list(
    'audit console doctor shared scheduling dead-letter inspection observability',
    SURVEY,
    FOUNDATION,
  ),
  'console/platform': list(
    'audit history scalr-queue.module.ts console doctor shared scheduling dead-letter inspection observability',
    SURVEY,
    FOUNDATION,
  ),
  dashboard: list(
    'audit history console console/app access engine/redis/board.source.ts engine/redis/stored-job.reader.ts',
    'engine/redis/survey/server.survey.ts shared scheduling dead-letter inspection observability',
    FOUNDATION,
  ),
  schematics: list('contract'),
  testing: list(
    'engine/memory scalr-queue.module.ts worker worker/thread durability metrics shared scheduling producer dead-letter inspection tracing observability lifecycle',
    WITH_REDIS,
  ),
  // What apps import; nothing of the library does.
  'index.ts': list(
    'audit history scalr-queue.module.ts hooks worker health http metrics scheduling producer dead-letter inspection observability',
    'contract config',
  ),
  'worker.ts': list('worker config'),
  'outbox.ts': list('outbox contract'),
  'shared.ts': list('shared engine contract'),
  'thread.ts': list('worker/thread contract'),
  'testing.ts': list('testing'),
  'dashboard.ts': list('dashboard'),
  'console.ts': list('console console/platform'),
};

/** Packages that only some folders may import; all others may be imported everywhere. @type {Record<string, readonly string[]>} */
export const PACKAGES = {
  ioredis: list('engine/redis'),
  bullmq: list('engine/redis'),
  '@nestjs/bullmq': list('engine/redis'),
};

/** What both sides of a queue import needs no Nest, and no engine. @type {Record<string, readonly RegExp[]>} */
export const FORBIDDEN = {
  contract: [/^@nestjs\//],
  config: [/^@nestjs\//],
};
