"""What must hold of the data: rules and policy as data, and what evaluates them. Imports no asset."""
