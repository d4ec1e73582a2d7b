// What `gallery.ui.components.assets` puts before the scripts of a component.

type KnownClass = { name: string, title: string, colour: string, text: string, icon: string };

declare const NOT_TAGGED: KnownClass;
declare const OTHER_CLASS: KnownClass;
declare const UNLIKE_ANYTHING: KnownClass;
declare const KNOWN_CLASSES: KnownClass[];
