/** What the kernel says of a form: the types, and a guard. The twin of xpipe_nb/payloads/form.py. */

/** A value that is written as text; bounds are texts, too. */
export interface TextNode {
  readonly kind: 'text' | 'whole' | 'number' | 'choice' | 'xml';
  readonly type?: string;
  readonly choices?: readonly string[];
  readonly min?: string;
  readonly max?: string;
  readonly above?: string;
  readonly below?: string;
  readonly shortest?: string;
  readonly longest?: string;
}

export interface ClassNode {
  readonly kind: 'class';
  readonly class: string;
}

export interface UnionNode {
  readonly kind: 'union';
  readonly classes: readonly string[];
}

export interface ManyNode {
  readonly kind: 'list' | 'dict';
  readonly item: FormNode;
  readonly least?: number;
  readonly most?: number;
}

export interface TupleNode {
  readonly kind: 'tuple';
  readonly items: readonly FormNode[];
}

export interface MaybeNode {
  readonly kind: 'maybe';
  readonly item: FormNode;
}

export type FormNode = TextNode | ClassNode | UnionNode | ManyNode | TupleNode | MaybeNode;

/** How a field can be there; the first one is chosen until somebody chooses another. */
export type Mode = 'given' | 'default' | 'none';

export interface FieldForm {
  readonly name: string;
  readonly node: FormNode;
  readonly modes: readonly Mode[];
  readonly doc?: string;
  readonly default?: string;
}

export interface ClassForm {
  readonly doc: string;
  readonly fields: readonly FieldForm[];
}

export interface FormData {
  readonly organism: string;
  readonly listener: string;
  /** The keys of the classes to choose from. */
  readonly roots: readonly string[];
  readonly classes: Readonly<Record<string, ClassForm>>;
}

// ---- guards: whatever is not of its type is not drawn

const TEXTS = ['text', 'whole', 'number', 'choice', 'xml'];
const BOUNDS = ['type', 'min', 'max', 'above', 'below', 'shortest', 'longest'] as const;

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): boolean => value === undefined || Number.isInteger(value);
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNode(value: unknown): value is FormNode {
  if (!isObject(value) || !isText(value['kind'])) {
    return false;
  }
  const { kind, item, items, choices } = value;
  if (TEXTS.includes(kind as string)) {
    const bounds = BOUNDS.every(name => value[name] === undefined || isText(value[name]));
    return bounds && (kind === 'choice' ? isTextList(choices) : choices === undefined);
  }
  const checks: Readonly<Record<string, () => boolean>> = {
    class: () => isText(value['class']),
    union: () => isTextList(value['classes']),
    list: () => isNode(item) && isCount(value['least']) && isCount(value['most']),
    dict: () => isNode(item) && isCount(value['least']) && isCount(value['most']),
    tuple: () => Array.isArray(items) && items.every(isNode),
    maybe: () => isNode(item)
  };
  return checks[kind as string]?.() ?? false;
}

const isMode = (value: unknown): boolean => value === 'given' || value === 'default' || value === 'none';

function isField(value: unknown): value is FieldForm {
  return (
    isObject(value) &&
    isText(value['name']) &&
    isNode(value['node']) &&
    Array.isArray(value['modes']) &&
    value['modes'].length > 0 &&
    value['modes'].every(isMode) &&
    [value['doc'], value['default']].every(each => each === undefined || isText(each))
  );
}

const isClass = (value: unknown): value is ClassForm =>
  isObject(value) && isText(value['doc']) && Array.isArray(value['fields']) && value['fields'].every(isField);

/** Say whether this is a form that can be drawn; every class that it names is there. */
export function isFormData(value: unknown): value is FormData {
  if (!isObject(value) || !isText(value['organism']) || !isText(value['listener'])) {
    return false;
  }
  const { roots, classes } = value;
  if (!isTextList(roots) || !isObject(classes) || !Object.values(classes).every(isClass)) {
    return false;
  }
  const there = classes as FormData['classes'];
  const named = Object.values(there).flatMap(each => each.fields.flatMap(field => classesIn(field.node)));
  const keys = [...(roots as string[]), ...named];
  return (roots as string[]).length > 0 && keys.every(key => Object.hasOwn(there, key));
}

function classesIn(node: FormNode): readonly string[] {
  switch (node.kind) {
    case 'class':
      return [node.class];
    case 'union':
      return node.classes;
    case 'list':
    case 'dict':
    case 'maybe':
      return classesIn(node.item);
    case 'tuple':
      return node.items.flatMap(classesIn);
    default:
      return [];
  }
}
