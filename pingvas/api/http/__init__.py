"""What every route shares: transactions, errors, headers, held answers, the page's files."""
