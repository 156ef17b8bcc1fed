/** What is used of the `TransactionHost` of `@nestjs-cls/transactional`. */
interface TransactionHost {
  isTransactionActive(): boolean;
  withTransaction<T>(work: () => Promise<T>): Promise<T>;
  readonly tx: unknown;
}

interface HostClass {
  getInstance(): TransactionHost;
}

/** The package by a name that is no literal, for it need not be there where the types are checked. */
const PACKAGE: string = '@nestjs-cls/transactional';

/** Finds the transaction that the code is in with `@nestjs-cls/transactional`, where the app has that package and its plugin. */
export class AmbientTransaction {
  private hosts?: HostClass;
  private looking?: Promise<void>;

  /** Resolves when it is known whether the package is there. */
  look(): Promise<void> {
    this.looking ??= import(PACKAGE).then(
      ({ TransactionHost }: { TransactionHost: HostClass }) => void (this.hosts = TransactionHost),
      () => undefined,
    );
    return this.looking;
  }

  /** The transaction that the code is in; its kind is up to the adapter that the app has given to `ClsPluginTransactional`. */
  current(): unknown {
    const host = this.host();
    return host?.isTransactionActive() ? host.tx : undefined;
  }

  /** Runs work in a transaction in which repositories find themselves; `undefined` where the app has no such thing. */
  get run(): (<T>(work: (tx: unknown) => Promise<T>) => Promise<T>) | undefined {
    const host = this.host();
    return host && ((work) => host.withTransaction(() => work(host.tx)));
  }

  private host(): TransactionHost | undefined {
    try {
      // It throws until the app has registered the plugin, and where it never does.
      return this.hosts?.getInstance();
    } catch {
      return undefined;
    }
  }
}
