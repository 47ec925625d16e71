/** What guards are made of: whatever is not of its type is not drawn. */

/** Times are milliseconds since the view began; in a saved snapshot they are numbers of events. */
export type Moment = number | null;

export type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
export const isMoment = (value: unknown): value is Moment => value === null || isNumber(value);
export const isSpan = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && isNumber(value[0]) && isMoment(value[1]);
export const isMark = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && value.every(isNumber);
export const isPath = (value: unknown): boolean => isText(value) && /^[MLCHVQAmlchvqa0-9., -]*$/.test(value);
export const listOf =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(check);
export const maybe =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || check(value);
export const recordOf =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    isObject(value) && Object.values(value).every(check);

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function has(value: unknown, shape: Shape): boolean {
  return isObject(value) && Object.entries(shape).every(([name, check]) => check(value[name]));
}

/** Look at each object once: rows never change, and most of a snapshot are those of the one before it. */
export function once<Type extends object>(check: (value: unknown) => value is Type): (value: unknown) => value is Type {
  const passed = new WeakSet();
  return (value): value is Type => {
    if (isObject(value) && passed.has(value)) {
      return true;
    }
    const fits = check(value);
    if (fits) {
      passed.add(value);
    }
    return fits;
  };
}

/** Make the shape of several fields of one type. */
export function each(check: (value: unknown) => boolean, ...names: string[]): Shape {
  return Object.fromEntries(names.map(name => [name, check]));
}
