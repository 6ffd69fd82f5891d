import { useEffect } from "react";

/**
 * Stands in for `react-style-singleton` (used by the scroll lock of the dialogs). The original adds a <style> element,
 * which a strict content security policy refuses; a constructed sheet is plain CSSOM and is allowed.
 */
interface StyleSheetSingleton {
  add(css: string): void;
  remove(): void;
}

export function stylesheetSingleton(): StyleSheetSingleton {
  let users = 0;
  let sheet: CSSStyleSheet | undefined;
  return {
    add(css) {
      users += 1;
      if (users > 1) return;
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    },
    remove() {
      users -= 1;
      if (users > 0 || sheet === undefined) return;
      const gone = sheet;
      sheet = undefined;
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((entry) => entry !== gone);
    },
  };
}

export function styleHookSingleton(): (styles: string, isDynamic?: boolean) => void {
  const sheet = stylesheetSingleton();
  // biome-ignore lint/correctness/noComponentHookFactories: the shape of the package that this replaces
  return function useStyle(styles, isDynamic) {
    // biome-ignore lint/correctness/useExhaustiveDependencies: as in the original, only a dynamic sheet follows its text
    useEffect(() => {
      sheet.add(styles);
      return () => sheet.remove();
    }, [styles && isDynamic]);
  };
}

export function styleSingleton(): (props: { styles: string; dynamic?: boolean }) => null {
  const useStyle = styleHookSingleton();
  // biome-ignore lint/correctness/noComponentHookFactories: the shape of the package that this replaces
  return function StyleSheet({ styles, dynamic }) {
    useStyle(styles, dynamic);
    return null;
  };
}
