import { createServer } from 'node:net';
import { freePort } from '../process/ports.mjs';
import { readSettings, requireFreePorts } from './settings.mjs';

describe('the ports of npm start', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('come from the environment', () => {
    vi.stubEnv('PORT', '4000');
    vi.stubEnv('SCALR_WORKER_PORT', '4001');

    expect(readSettings()).toEqual({
      web: { variable: 'PORT', port: 4000 },
      worker: { variable: 'SCALR_WORKER_PORT', port: 4001 },
    });
  });

  it.each(['0', '65536', '3e3', 'web', '-1'])('are refused when one is %s', (value) => {
    vi.stubEnv('PORT', value);

    expect(() => readSettings()).toThrow(`expected PORT to be a port from 1 to 65535, got: ${value}`);
  });

  it('are refused when they are the same', () => {
    vi.stubEnv('PORT', '4000');
    vi.stubEnv('SCALR_WORKER_PORT', '4000');

    expect(() => readSettings()).toThrow('PORT and SCALR_WORKER_PORT are both 4000');
  });

  it('are refused with the variable to change when one is taken', async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, resolve));

    await expect(requireFreePorts({ variable: 'PORT', port })).rejects.toThrow(
      `port ${port} is taken: free it, or choose another, as in PORT=`,
    );
    await new Promise((resolve) => other.close(resolve));
    await expect(requireFreePorts({ variable: 'PORT', port })).resolves.toBeUndefined();
  });
});
