import { defineJob } from '../contract/job-definition.js';
import { effectiveSettings } from './effective-settings.js';

it('are the defaults where neither the definition nor the app says anything', () => {
  expect(effectiveSettings(defineJob('plain'), { defaults: {} })).toMatchObject({
    retry: { attempts: 5, delay: 1_000, factor: 2, maxDelay: 3_600_000, jitter: 0.2 },
    unique: undefined,
    timeout: 300_000,
    expiresIn: undefined,
    priority: 0,
    keep: { completed: { age: 86_400_000, count: 1_000 }, dead: { age: 1_209_600_000, count: 10_000 } },
    keepIds: 86_400_000,
  });
});

it('are those of the definition, then those of the app: of retry field by field, of keep state by state', () => {
  const definition = defineJob('own', {
    retry: { attempts: 2 },
    timeout: '1s',
    keep: { completed: { count: 3 }, ids: '1h' },
    unique: { key: () => 'k', for: '1m' },
  });
  const app = {
    defaults: {
      retry: { attempts: 9, delay: '7s' },
      timeout: '9s',
      expiresIn: '1h',
      priority: 4,
      keep: { completed: { count: 8, age: '2h' }, ids: '2h' },
    },
  } as const;
  expect(effectiveSettings(definition, app)).toMatchObject({
    retry: { attempts: 2, delay: 7_000 },
    timeout: 1_000,
    expiresIn: 3_600_000,
    priority: 4,
    unique: { window: 60_000 },
    keep: { completed: { age: 86_400_000, count: 3 } },
    keepIds: 3_600_000,
  });
});

it('are worked out once for an app', () => {
  const definition = defineJob('once');
  const app = { defaults: {} };
  expect(effectiveSettings(definition, app)).toBe(effectiveSettings(definition, app));
  expect(effectiveSettings(definition, { defaults: { priority: 1 } })).toMatchObject({ priority: 1 });
});
