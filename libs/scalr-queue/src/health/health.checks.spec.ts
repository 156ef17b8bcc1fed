import { Logger, type LoggerService } from '@nestjs/common';
import { HealthChecks } from './health.checks.js';

const nest = Logger as unknown as { staticInstanceRef?: LoggerService };

describe('the context of the health checks', () => {
  const before = nest.staticInstanceRef;
  const lines: unknown[] = [];
  const note = (line: unknown) => void lines.push(line);
  const mine: LoggerService = { log: note, warn: note, error: note };

  beforeEach(() => {
    lines.length = 0;
    nest.staticInstanceRef = mine;
  });
  afterEach(() => {
    nest.staticInstanceRef = before;
  });

  it('leaves the logger of the process as it was, also where several open at the same time', async () => {
    const checks = await Promise.all([HealthChecks.open(), HealthChecks.open(), HealthChecks.open()]);
    expect(nest.staticInstanceRef).toBe(mine);
    expect(lines).toEqual([]);
    await Promise.all(checks.map((one) => one.close()));
  });

  it('leaves a logger that was set meanwhile', async () => {
    const theirs: LoggerService = { log: note, warn: note, error: note };
    const opening = HealthChecks.open();
    nest.staticInstanceRef = theirs;
    const checks = await opening;
    expect(nest.staticInstanceRef).toBe(theirs);
    await checks.close();
  });
});
