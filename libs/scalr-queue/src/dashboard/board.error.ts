/** An answer that is none of success: its key is one of those that the page of bull-board has words for. */
export class BoardError extends Error {
  constructor(
    readonly status: number,
    readonly key: string,
    message?: string,
  ) {
    super(message);
  }
}
