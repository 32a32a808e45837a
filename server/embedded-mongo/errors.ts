const CODE_NAMES = new Map(
  `1 InternalError, 2 BadValue, 9 FailedToParse, 11 UserNotFound, 13 Unauthorized, 14 TypeMismatch,
   15 Overflow, 16 InvalidLength, 17 ProtocolError, 18 AuthenticationFailed, 20 IllegalOperation,
   22 InvalidBSON, 26 NamespaceNotFound, 27 IndexNotFound, 28 PathNotViable, 40 ConflictingUpdateOperators,
   43 CursorNotFound, 50 MaxTimeMSExpired, 52 DollarPrefixedFieldName, 53 InvalidIdField,
   56 EmptyFieldName, 59 CommandNotFound, 66 ImmutableField, 67 CannotCreateIndex, 72 InvalidOptions,
   73 InvalidNamespace, 79 UnknownReplWriteConcern, 85 IndexOptionsConflict, 86 IndexKeySpecsConflict,
   91 ShutdownInProgress, 100 UnsatisfiableWriteConcern, 112 WriteConflict, 168 InvalidPipelineOperator,
   171 CannotIndexParallelArrays, 175 QueryPlanKilled, 197 InvalidIndexSpecificationOption,
   225 TransactionTooOld, 238 NotImplemented, 246 SnapshotUnavailable, 251 NoSuchTransaction,
   256 TransactionCommitted, 257 TransactionTooLarge, 263 OperationNotSupportedInTransaction,
   292 QueryExceededMemoryLimitNoDiskUseAllowed, 334 MechanismUnavailable, 10334 BSONObjectTooLarge,
   11000 DuplicateKey, 14031 OutOfDiskSpace`
    .split(",")
    .map((pair) => pair.trim().split(" ") as [code: string, name: string]),
);

/** Fails one command (or one statement of it) with MongoDB's own code. */
export class CommandError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly labels: string[] = [];
  /** Further fields of the reply, as `keyPattern` and `keyValue` of a duplicate key. */
  readonly details: Record<string, unknown>;

  constructor(code: number, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.codeName = CODE_NAMES.get(String(code)) ?? `Location${code}`;
    this.details = details;
  }

  withLabel(label: string): this {
    this.labels.push(label);
    return this;
  }
}

/** For checks of what a client gave. Where a check is made for every document, `if` spares making the message. */
export function ensure(condition: unknown, code: number, message: string): asserts condition {
  if (!condition) throw new CommandError(code, message);
}

export function badValue(message: string): CommandError {
  return new CommandError(2, message);
}

export function failedToParse(message: string): CommandError {
  return new CommandError(9, message);
}

export function typeMismatch(message: string): CommandError {
  return new CommandError(14, message);
}

export function writeConflict(): CommandError {
  return new CommandError(
    112,
    "Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.",
  ).withLabel("TransientTransactionError");
}

export function transactionAborted(): CommandError {
  return new CommandError(251, "Transaction has been aborted.").withLabel("TransientTransactionError");
}

export function outOfDiskSpace(): CommandError {
  return new CommandError(14031, "the disk is full: nothing of this command was written");
}

export function databaseDamaged(reason: string): CommandError {
  return new CommandError(
    1,
    `the database file cannot be trusted any more (${reason}): nothing is written until it has been checked or replaced by a backup`,
  );
}
