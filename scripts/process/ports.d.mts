/** A port that nobody listens on now; another process may take it before you do. */
export declare function freePort(): Promise<number>;

export declare function isPortTaken(port: number): Promise<boolean>;
