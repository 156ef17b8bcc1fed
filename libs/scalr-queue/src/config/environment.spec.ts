import { readEnvironment } from './environment.js';

describe('the environment', () => {
  it('gives what is set, in milliseconds, numbers and lists', () => {
    expect(
      readEnvironment({
        SCALR_APP: 'billing',
        SCALR_REDIS_URL: ' redis://h ',
        SCALR_WORKER_PORT: '0',
        SCALR_WORKER_HOST: '::1',
        SCALR_WORKER_CONCURRENCY: '20',
        SCALR_WORKER_QUEUES: 'mail, reports',
        SCALR_SHUTDOWN_TIMEOUT: '10s',
        SCALR_WORKER_BURST: 'true',
        SCALR_METRICS_TOKEN: 'token',
        SCALR_DASHBOARD_USER: 'ops',
        SCALR_DASHBOARD_PASSWORD: 'secret',
        SCALR_DASHBOARD_WRITES: 'false',
        SCALR_FAST_PATH: 'off',
        SCALR_LOG: 'json',
      }),
    ).toEqual({
      app: 'billing',
      redisUrl: 'redis://h',
      workerPort: 0,
      workerHost: '::1',
      workerConcurrency: 20,
      workerQueues: ['mail', 'reports'],
      shutdownTimeout: 10_000,
      workerBurst: expect.any(Object),
      metricsToken: 'token',
      dashboardUser: 'ops',
      dashboardPassword: 'secret',
      dashboardWrites: false,
      fastPath: 'off',
      logFormat: 'json',
    });
    expect(readEnvironment({ SCALR_DASHBOARD_WRITES: 'true' })).toMatchObject({ dashboardWrites: true });
    expect(readEnvironment({ SCALR_SHUTDOWN_TIMEOUT: '2500' }).shutdownTimeout).toBe(2_500);
  });

  it('counts an empty variable as not set', () => {
    const empty = { SCALR_APP: '', SCALR_REDIS_URL: ' ', SCALR_WORKER_PORT: '', SCALR_SHUTDOWN_TIMEOUT: '' };
    expect(Object.values(readEnvironment(empty)).every((value) => value === undefined)).toBe(true);
  });

  it.each([
    ['SCALR_WORKER_PORT', '99999', 'an integer from 0 to 65535, got: 99999'],
    ['SCALR_WORKER_PORT', 'http', 'an integer from 0 to 65535, got: "http"'],
    ['SCALR_WORKER_PORT', '-1', 'an integer from 0 to 65535, got: "-1"'],
    ['SCALR_WORKER_HOST', 'localhost:3001', 'a host name or an IP address such as "127.0.0.1" or "::1", without a port, got: "localhost:3001"'],
    ['SCALR_WORKER_HOST', '[::1]', 'a host name or an IP address such as "127.0.0.1" or "::1", without a port, got: "[::1]"'],
    ['SCALR_WORKER_CONCURRENCY', '0', 'an integer from 1 to 1000, got: 0'],
    ['SCALR_WORKER_CONCURRENCY', '1e6', 'an integer from 1 to 1000, got: "1e6"'],
    ['SCALR_WORKER_CONCURRENCY', '2.5', 'an integer from 1 to 1000, got: "2.5"'],
    ['SCALR_SHUTDOWN_TIMEOUT', 'soon', `a duration from 0 to 3600000 ms, as whole milliseconds or a string like '10m', got: "soon"`],
    ['SCALR_SHUTDOWN_TIMEOUT', '2h', `a duration from 0 to 3600000 ms, as whole milliseconds or a string like '10m', got: "2h"`],
    ['SCALR_DASHBOARD_WRITES', 'yes', 'one of "true", "false", got: "yes"'],
    ['SCALR_REDIS_CA', '/nowhere/ca.pem', 'a file with certificates in PEM, got: /nowhere/ca.pem (ENOENT)'],
    ['SCALR_REDIS_CA', import.meta.filename, `a file with certificates in PEM, got: ${import.meta.filename}, which holds none`],
    ['SCALR_FAST_PATH', 'on', 'one of "auto", "off", got: "on"'],
    ['SCALR_LOG', 'pretty', 'one of "json", "text", got: "pretty"'],
    ['SCALR_WORKER_QUEUES', 'mail,,x', '1 to 128 characters of letters, digits, "_", "." and "-", beginning with a letter or digit, got: ""'],
    ['SCALR_WORKER_QUEUES', 'mail;x', '1 to 128 characters of letters, digits, "_", "." and "-", beginning with a letter or digit, got: "mail;x"'],
  ])('is refused by name: %s=%s', (name, value, expected) => {
    expect(() => readEnvironment({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'QUEUE_CONFIG', message: `expected ${name} to be ${expected}` }),
    );
  }); // prettier-ignore
});
