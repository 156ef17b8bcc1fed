import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { createRequire } from 'node:module';
import { COMPARED_ENGINES, usesFastPath } from './fast-path.js';

describe('the fast path', () => {
  const warnings = () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    return warn.mock.calls;
  };

  it('is used with the engine that is installed, which it was compared with', () => {
    const told = warnings();
    expect(usesFastPath({ fastPath: 'auto' })).toBe(true);
    const require = createRequire(import.meta.url);
    const path = require.resolve('bullmq/package.json');
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
    expect(COMPARED_ENGINES).toContain(version.split('.').slice(0, 2).join('.'));
    expect(told).toEqual([]);
  });

  it('is used with another patch of such a version', () => {
    expect(usesFastPath({ fastPath: 'auto' }, '6.7.9')).toBe(true);
    expect(usesFastPath({ fastPath: 'auto' }, '6.7.10-rc.1')).toBe(true);
  });

  it('is not used with another version, of which the log tells once', () => {
    const told = warnings();
    for (let look = 0; look < 2; look++) {
      expect(usesFastPath({ fastPath: 'auto' }, '6.70.0')).toBe(false);
      expect(usesFastPath({ fastPath: 'auto' }, '7.0.0')).toBe(false);
    }
    expect(told.map(([line]) => /and (\S+) is installed/.exec(String(line))?.[1])).toEqual([
      '6.70.0',
      '7.0.0',
    ]);
  });

  it('is not used with a version that is not known', () => {
    const told = warnings();
    expect(usesFastPath({ fastPath: 'auto' }, null as never)).toBe(false);
    expect(told).toEqual([[expect.stringContaining('an unknown version is installed')]]);
  });

  it('is not used where the app says so, and nothing is told', () => {
    const told = warnings();
    expect(usesFastPath({ fastPath: 'off' })).toBe(false);
    expect(usesFastPath({ fastPath: 'off' }, '8.0.0')).toBe(false);
    expect(told).toEqual([]);
  });
});
