/** Roving focus: a group is one stop of the tab key, and the arrows move in it. */

/** Where an arrow leads; null is nowhere. */
export type Step = (from: Element, key: string) => Element | null;

/** Make one element of a group reachable by the tab key, the others by arrows. */
export class Roving {
  /**
   * @param root - The element that holds the group.
   * @param selector - Finds the members.
   * @param step - Where a key leads from a member.
   */
  constructor(
    private readonly root: Element,
    private readonly selector: string,
    private readonly step: Step
  ) {
    root.addEventListener('keydown', event => this.pressed(event as KeyboardEvent));
    root.addEventListener('focusin', event => this.focused(event.target as Element));
  }

  /** See to it that exactly one member can be reached, after members came and went. */
  update(preferred: Element | null = null): void {
    const members = [...this.root.querySelectorAll(this.selector)];
    const kept = members.find(member => member.getAttribute('tabindex') === '0');
    const reachable = preferred ?? kept ?? members[0];
    for (const member of members) {
      const value = member === reachable ? '0' : '-1';
      if (member.getAttribute('tabindex') !== value) {
        member.setAttribute('tabindex', value);
      }
    }
  }

  private focused(target: Element): void {
    const member = target.closest(this.selector);
    if (member) {
      this.update(member);
    }
  }

  private pressed(event: KeyboardEvent): void {
    const member = (event.target as Element).closest(this.selector);
    const next = member && !event.ctrlKey && !event.metaKey && !event.altKey ? this.step(member, event.key) : null;
    if (next) {
      event.preventDefault();
      (next as HTMLElement | SVGElement).focus();
    }
  }
}

/** Steps up and down, or left and right, through members in their order on the page. */
export function inOrder(root: Element, selector: string, back: string, forth: string): Step {
  return (from, key) => {
    const members = [...root.querySelectorAll(selector)].filter(member => !(member as HTMLElement).hidden);
    const at = members.indexOf(from);
    const to = { [back]: at - 1, [forth]: at + 1, Home: 0, End: members.length - 1 }[key];
    return to === undefined ? null : (members[Math.min(Math.max(to, 0), members.length - 1)] ?? null);
  };
}

/** Click on Enter and on the space bar, as a button would. */
export function pressable(element: Element, act: () => void): void {
  element.addEventListener('click', act);
  element.addEventListener('keydown', event => {
    const { key } = event as KeyboardEvent;
    if (event.target === element && (key === 'Enter' || key === ' ')) {
      event.preventDefault();
      act();
    }
  });
}
