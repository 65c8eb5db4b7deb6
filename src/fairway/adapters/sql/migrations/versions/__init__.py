"""One file per change of the schema. A step that was released is never edited again."""
