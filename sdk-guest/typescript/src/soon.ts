/**
 * Now or later: every function of an author may be `async`, and one that is not costs no promise. The engine waits for
 * the promise of a hook.
 */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value that may come later. */
export function after<A, B>(value: Soon<A>, next: (value: A) => Soon<B>): Soon<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** `try` and `catch` over a value that may come later. */
export function guarded<T>(run: () => Soon<T>, caught: (thrown: unknown) => T): Soon<T> {
  try {
    const value = run();
    return value instanceof Promise ? value.catch(caught) : value;
  } catch (thrown) {
    return caught(thrown);
  }
}

/** `try` and `finally` over a value that may come later. */
export function lastly<T>(run: () => Soon<T>, end: () => void): Soon<T> {
  let later = false;
  try {
    const value = run();
    later = value instanceof Promise;
    return value instanceof Promise ? value.finally(end) : value;
  } finally {
    if (!later) {
      end();
    }
  }
}
