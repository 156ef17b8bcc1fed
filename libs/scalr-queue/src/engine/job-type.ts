/**
 * Stands for the name of jobs that other code adds to a queue, through `BullModule.registerQueue`: their names are not known
 * beforehand. No job of the library can have it.
 */
export const ANY_NAME = '*';

/** A kind of job: a definition in the queue that it has, or had. */
export interface JobType {
  readonly name: string;
  readonly queue: string;
}

/** Whether a registry can hold it: a name, and a queue that the engine takes. */
export const isJobType = ({ name, queue }: JobType): boolean =>
  name.length + queue.length < 400 && /^[^\s:~]+$/.test(name) && /^[^\s:][^:]*$/.test(queue);
