import type { ComparisonKind } from '../../drs/consistency.js';
import type { TaskStatus } from '../../drs/statuses.js';

export type { ComparisonKind };

/** Which tasks are compared. */
export interface Selector {
  readonly kind?: 'migration' | 'synchronization' | 'disaster-recovery' | undefined;
  /** A glob over names. */
  readonly name?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly status?: TaskStatus | undefined;
}

/** What of a task is compared, and how. */
export interface Compare {
  /** `older`: by §6.1.17 and §6.1.18. */
  readonly form?: 'newer' | 'older' | undefined;
  readonly databases?:
    | readonly { readonly database: string; readonly tables?: readonly string[] | undefined }[]
    | undefined;
  readonly filters?:
    | readonly {
        readonly database: string;
        readonly schema?: string | undefined;
        readonly table: string;
        readonly where: string;
      }[]
    | undefined;
  readonly options: {
    readonly contentCompareType?: 'static' | 'dynamic' | undefined;
    readonly lobCompare?: 'ignore' | 'length' | undefined;
    readonly comparePolicy?: 'normal' | 'manyToOne' | undefined;
  };
  readonly proportion_value?: number | undefined;
  /** ISO. */
  readonly startAt?: string | undefined;
}

/** One kind of comparison of one task. */
export interface Scope {
  readonly jobId: string;
  readonly cloud?: string | undefined;
  readonly kind: ComparisonKind;
  readonly compare: Compare;
  /** The object comparison of this run, whose details tell databases and tables. */
  readonly objectsId?: string | undefined;
}
