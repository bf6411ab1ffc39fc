"""What a person sees in a cell: number formats, and text formatted inside it."""
