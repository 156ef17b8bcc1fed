import { AsyncLocalStorage } from 'node:async_hooks';

const boot = new AsyncLocalStorage<true>();

/** Boots an application that `runWorker` will have run jobs. */
export const bootingWorker = <T>(work: () => T): T => boot.run(true, work);

/** Whether the application that boots at this moment is one of `runWorker`. */
export const isWorkerBoot = (): boolean => boot.getStore() === true;
