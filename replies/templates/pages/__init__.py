"""The pages of a template: sheet names, headings, rows and cells, laid out so that the layout reads them back."""
